/** Starts a gateway as an operator would and throws the families of attacks at it, each for its share of the time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { preloadGateway } from '../../bench/rest/preload.ts';
import { type BenchGateway, startGateway } from '../../bench/rest/start-gateway.ts';
import { startEmbeddedPostgres } from '../../src/store/index.ts';
import { addresses, headers, searches } from './addresses.ts';
import type { Attack } from './attack.ts';
import { brokenBytes, encodings, oddValues, patches } from './bodies.ts';
import { describeAttack, judge } from './judge.ts';
import { SIZES } from './seeds.ts';
import { createSender, type Sender, sendRaw } from './send.ts';
import { hugeBundles, transactionAttacks } from './transactions.ts';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Told what is going on, a line each. */
  readonly say: (line: string) => void;
}

export interface FuzzReport {
  readonly families: readonly { readonly name: string; readonly statuses: ReadonlyMap<number, number> }[];
  readonly failures: readonly string[];
  /** Resident memory of the gateway after each family, in bytes; the most of them. */
  readonly memoryBytes: number;
}

const FAMILIES: readonly { readonly name: string; readonly attacks: fc.Arbitrary<Attack> }[] = [
  { name: 'searches', attacks: searches },
  { name: 'addresses', attacks: addresses },
  { name: 'headers', attacks: headers },
  { name: 'broken bytes', attacks: brokenBytes },
  { name: 'odd values', attacks: oddValues },
  { name: 'encodings', attacks: encodings },
  { name: 'patches', attacks: patches },
  { name: 'transactions', attacks: transactionAttacks },
  { name: 'huge bundles', attacks: hugeBundles },
];

/** More than this is a leak, or a body that was kept whole too often. */
const MOST_MEMORY_BYTES = 768 * 1024 * 1024;
const TAG = 'urn:silta:fuzz';

/** @throws Error when the gateway does not start */
export async function runRest(options: FuzzOptions): Promise<FuzzReport> {
  const directory = await mkdtemp(join(tmpdir(), 'silta-fuzz-'));
  options.say('Starting Postgres and a gateway …');
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres') });
  try {
    await postgres.createDatabase('gateway');
    await preloadGateway(postgres.urlOf('gateway'), SIZES);
    const databaseUrl = postgres.urlOf('gateway');
    const gateway = await startGateway({ directory, databaseUrl, poolSize: 4, nodeArguments: [] });
    try {
      return await attackAll(gateway, options);
    } finally {
      await gateway.close();
    }
  } finally {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function attackAll(gateway: BenchGateway, options: FuzzOptions): Promise<FuzzReport> {
  const sender = createSender(gateway.port, gateway.freshToken);
  const failures: string[] = [];
  const families: { name: string; statuses: Map<number, number> }[] = [];
  let memoryBytes = 0;
  const timeMs = (options.seconds * 1_000) / (FAMILIES.length + 1);
  for (const { name, attacks } of FAMILIES) {
    options.say(`${name} …`);
    const statuses = new Map<number, number>();
    families.push({ name, statuses });
    const failure = await attackWith(attacks, { sender, statuses, timeMs, seed: options.seed });
    if (failure) failures.push(`${name}: ${failure}`);
    if (!(await isAlive(gateway)))
      return { families, failures: [...failures, `${name}: the gateway is gone.`], memoryBytes };
    memoryBytes = Math.max(memoryBytes, (await gateway.usage()).memoryBytes);
  }
  options.say('bytes that are no HTTP …');
  const noise = await attackRaw(gateway, options.seed, timeMs);
  if (noise) failures.push(noise);
  if (memoryBytes > MOST_MEMORY_BYTES) failures.push(`Memory grew to ${toMebibytes(memoryBytes)} MiB.`);
  sender.close();
  return { families, failures, memoryBytes };
}

interface Round {
  readonly sender: Sender;
  readonly statuses: Map<number, number>;
  readonly timeMs: number;
  readonly seed: number;
}

/** @returns the smallest attack that breaks something; undefined when none did in the time */
async function attackWith(attacks: fc.Arbitrary<Attack>, round: Round): Promise<string | undefined> {
  const property = fc.asyncProperty(attacks, async (attack) => {
    const reply = await round.sender.send(attack);
    round.statuses.set(reply.status, (round.statuses.get(reply.status) ?? 0) + 1);
    const wrong = judge(reply) ?? (await findPartialWrite(round.sender, attack, reply.status));
    if (wrong) throw new Error(`${wrong}\n${describeAttack(attack)}`);
  });
  const result = await fc.check(property, {
    seed: round.seed,
    numRuns: 1_000_000,
    interruptAfterTimeLimit: round.timeMs,
    endOnFailure: false,
  });
  if (!result.failed) return undefined;
  const error = result.errorInstance;
  return error instanceof Error ? error.message : String(error);
}

/** What of a transaction is found afterwards: all of it when it was answered 200, else nothing. */
async function findPartialWrite(
  sender: Sender,
  { tag, resources }: Attack,
  status: number,
): Promise<string | undefined> {
  if (tag === undefined) return undefined;
  const path = `/Task?_tag=${encodeURIComponent(`${TAG}|${tag}`)}&_summary=count`;
  const { text } = await sender.send({ method: 'GET', path, headers: {} });
  const total = Number(JSON.parse(text).total);
  const wanted = status === 200 ? resources : 0;
  return total === wanted
    ? undefined
    : `A transaction answered with ${status} left ${total} of ${resources} resources.`;
}

async function attackRaw(gateway: BenchGateway, seed: number, timeMs: number): Promise<string | undefined> {
  const line = fc.oneof(
    fc.constantFrom(
      'GET /fhir/Task HTTP/1.1',
      'POST /fhir HTTP/1.1',
      'Host: x',
      'Content-Length: 99',
      'Content-Length: -1',
    ),
    fc.constantFrom(
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: gzip',
      'FFFFFFFF',
      '0',
      '',
      `A: ${'b'.repeat(20_000)}`,
    ),
    fc.string({ maxLength: 20 }),
  );
  const property = fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
    const answer = await sendRaw(gateway.port, Buffer.from(lines.join('\r\n'), 'latin1'));
    if (/^HTTP\/1\.1 5/.test(answer)) throw new Error(answer.slice(0, 300));
  });
  const result = await fc.check(property, { seed, numRuns: 1_000_000, interruptAfterTimeLimit: timeMs });
  if (result.failed) return `bytes that are no HTTP: ${String(result.errorInstance)}`;
  return (await isAlive(gateway)) ? undefined : 'bytes that are no HTTP: the gateway is gone.';
}

async function isAlive({ port }: BenchGateway): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  return answer?.ok === true;
}

const toMebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);

/** A table of what was answered how often. */
export function toTable({ families, memoryBytes }: FuzzReport): string {
  const rows = families.map(({ name, statuses }) => {
    const counts = [...statuses].sort(([one], [other]) => one - other);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    return `| ${name} | ${total} | ${counts.map(([status, count]) => `${status}: ${count}`).join(', ')} |`;
  });
  const memory = `Memory of the gateway: ${toMebibytes(memoryBytes)} MiB at most.`;
  return ['| family | requests | answers by status |', '|---|---|---|', ...rows, '', memory].join('\n');
}
