/** HL7's package of R4 examples, fetched once into a cache by the user's npm. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from './exit.ts';

const NAME = 'hl7.fhir.r4.examples';
const VERSION = '4.0.1';
const run = promisify(execFile);

/**
 * The directory with the examples of the specification.
 * @param say told when something is fetched
 * @throws CommandError when npm cannot get the package
 * @see https://www.npmjs.com/package/hl7.fhir.r4.examples
 */
export async function fetchExamples(say: (line: string) => void): Promise<string> {
  const cache = join(tmpdir(), 'silta-packages');
  const target = join(cache, `${NAME}-${VERSION}`);
  if (existsSync(target)) return join(target, 'package');
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'fetching-'));
  try {
    say(`Fetching ${NAME}@${VERSION} …`);
    await call('npm', ['pack', `${NAME}@${VERSION}`, '--pack-destination', work, '--silent']);
    const archive = (await readdir(work)).find((name) => name.endsWith('.tgz'));
    if (!archive) throw new CommandError(`npm packed no archive of ${NAME}.`);
    await call('tar', ['-xzf', archive], work);
    // Whole or not at all; another run may have been faster.
    await rename(work, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
    return join(target, 'package');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function call(program: string, args: readonly string[], cwd?: string): Promise<void> {
  try {
    await run(program, [...args], { ...(cwd && { cwd }), shell: process.platform === 'win32' });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const reason = (stderr?.trim() || message).split('\n').slice(0, 5).join('\n  ');
    throw new CommandError(
      `${NAME}@${VERSION} cannot be had by \`${program}\`; give the folder of a copy instead:\n  ${reason}`,
    );
  }
}
