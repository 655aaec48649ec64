/** `silta keys …`: makes, lists, rotates and prunes the private keys of a keys file. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { ListedKey } from '../identity/index.ts';
import { SiltaError } from '../outcome.ts';
import { CommandError } from './exit.ts';

const SETS = ['rp-signing', 'rp-encryption', 'as-signing', 'entity-signing', 'cookie-secrets'];
const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

/** Loaded on use: the room is large, and most commands do not need it. */
const identity = () => import('../identity/index.ts');

const write = (line: string) => process.stdout.write(`${line}\n`);

/** Seconds of `90m`, `24h`, `30d`. */
function duration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('Give minutes, hours or days: 90m, 24h, 30d.');
  return Number(count) * (UNITS[unit] ?? 0);
}

function setName(text: string, before: readonly string[] = []): readonly string[] {
  if (SETS.includes(text)) return [...before, text];
  throw new InvalidArgumentError(`Choose from ${SETS.join(', ')}.`);
}

/** Adds the command to the program. */
export function defineKeyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('the gateway’s private keys (SILTA_KEYS_FILE); secret: nothing but `create` prints any')
    .addHelpText(
      'after',
      `
Rotation: \`silta keys rotate\`, restart the gateways one after another before the new keys are used; \`silta keys prune\`
a month later, and restart again. Nobody is signed out, and what is under way goes on.

Examples:
  $ silta keys create > keys.json
  $ silta keys list
  $ silta keys rotate --set rp-signing --set rp-encryption --warm-up 24h
  $ silta keys prune --older-than 30d`,
    );
  keys
    .command('create', { isDefault: true })
    .description('print a new keys file')
    .action(async () => {
      process.stdout.write(await (await identity()).generateKeys());
    });
  keys
    .command('list')
    .description('each key’s state; never a part of one')
    .option('--file <path>', 'keys file; default SILTA_KEYS_FILE')
    .option('--json', 'print JSON')
    .action(async (options: { file?: string; json?: boolean }) => {
      const { listKeys } = await identity();
      const listed = await asCommandError(async () => listKeys(await readText(options.file), new Date()));
      write(options.json ? JSON.stringify(listed, undefined, 2) : toTable(listed));
    });
  keys
    .command('rotate')
    .description('put a new key beside the old ones; it is used after the warm-up')
    .option('--file <path>', 'keys file; default SILTA_KEYS_FILE')
    .option(
      '--set <name>',
      `one of ${SETS.join(', ')}; may be repeated; default all but entity-signing`,
      setName,
    )
    .option('--warm-up <time>', 'how long until a new key is used', duration, UNITS['d'])
    .action(async (options: { file?: string; set?: readonly string[]; warmUp: number }) => {
      const sets = options.set ?? SETS.filter((set) => set !== 'entity-signing');
      const now = new Date();
      const { rotateKeys } = await identity();
      await change(options.file, (text) => rotateKeys(text, { sets, now, warmUpSeconds: options.warmUp }));
      const from = new Date(now.getTime() + options.warmUp * 1000).toISOString();
      write(
        `New keys in ${sets.join(', ')}, used from ${from} on. Restart the gateways, one after another, before then.`,
      );
    });
  keys
    .command('prune')
    .description('remove keys that were superseded long enough ago')
    .option('--file <path>', 'keys file; default SILTA_KEYS_FILE')
    .option('--older-than <time>', 'how long ago', duration, 30 * 86_400)
    .action(async (options: { file?: string; olderThan: number }) => {
      let removed = 0;
      const { pruneKeys } = await identity();
      await change(options.file, async (text) => {
        const pruned = await pruneKeys(text, { now: new Date(), tailSeconds: options.olderThan });
        removed = pruned.removed;
        return pruned.text;
      });
      write(`${removed} ${removed === 1 ? 'key' : 'keys'} removed.`);
    });
}

function fileOf(given: string | undefined): string {
  const file = given ?? process.env['SILTA_KEYS_FILE'];
  if (file) return file;
  throw new CommandError('Which keys file? Give --file or set SILTA_KEYS_FILE.', 2);
}

async function readText(given: string | undefined): Promise<string> {
  const file = fileOf(given);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CommandError(`${file} cannot be read: ${(cause as NodeJS.ErrnoException).code}`);
  }
}

/** Written beside and moved into place, so that a gateway that starts now reads the old file or the new one. */
async function change(given: string | undefined, edit: (text: string) => Promise<string>): Promise<void> {
  const file = fileOf(given);
  const text = await readText(given);
  const changed = await asCommandError(() => edit(text));
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, changed, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new CommandError(`${file} cannot be written: ${(cause as NodeJS.ErrnoException).code}`);
  }
}

async function asCommandError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SiltaError ? new CommandError(error.message) : error;
  }
}

function toTable(keys: readonly ListedKey[]): string {
  const rows = keys.map(({ set, kid, createdAt, state, usedFrom, supersededAt }) => [
    set,
    kid ?? '–',
    createdAt ?? '–',
    usedFrom ? `waiting, used from ${usedFrom}` : supersededAt ? `superseded ${supersededAt}` : state,
  ]);
  const head = ['SET', 'KEY', 'CREATED', 'STATE'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
