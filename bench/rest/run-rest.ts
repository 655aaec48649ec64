/** The REST benchmark: the gateway and a bare server by turns, on the same machine, in the same run. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Database, openDatabase, startEmbeddedPostgres } from '../../src/store/index.ts';
import { type Measured, type MeasuredRound, summarise } from '../load/statistics.ts';
import type { Round, RoundResult } from './load-process.ts';
import { OPERATIONS, type Operation, type Target } from './operations.ts';
import { preloadBare, preloadGateway } from './preload.ts';
import { sizesOf } from './samples.ts';
import { startGateway } from './start-gateway.ts';

export interface RestOptions {
  /** Time of measuring each operation on each server. */
  readonly seconds: number;
  readonly rows: number;
  readonly operations: readonly Operation[];
  readonly poolSize: number;
  readonly nodeArguments: readonly string[];
  /** Told what is going on, a line each. */
  readonly say: (line: string) => void;
}

export interface RestFigures {
  readonly operations: Partial<Record<Operation, { readonly gateway: Measured; readonly bare: Measured }>>;
  readonly readyMs: number;
  /** The most resident memory of the gateway that was seen under load, in bytes. */
  readonly memoryBytes: number;
}

const CONNECTIONS = 16;
const WARM_MS = 1_500;
const ROUNDS = 2;
const TSX = ['--import', 'tsx'];

/** @throws Error when a server does not start or gives a wrong answer */
export async function runRest(options: RestOptions): Promise<RestFigures> {
  const open: (() => Promise<unknown>)[] = [];
  const later = <T>(value: T, close: () => Promise<unknown>): T => {
    open.push(close);
    return value;
  };
  try {
    return await measure(options, later);
  } finally {
    for (const close of open.toReversed()) await close();
  }
}

type Later = <T>(value: T, close: () => Promise<unknown>) => T;

async function measure(options: RestOptions, later: Later): Promise<RestFigures> {
  const { say, poolSize } = options;
  const directory = await mkdtemp(join(tmpdir(), 'silta-bench-'));
  later(directory, () => rm(directory, { recursive: true, force: true }));
  say('Starting Postgres …');
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres') });
  later(postgres, () => postgres.stop());
  for (const name of ['gateway', 'bare']) await postgres.createDatabase(name);
  const sizes = sizesOf(options.rows);
  say(`Storing ${sizes.responses} answers, ${sizes.tasks} Tasks and ${sizes.patients} Patients in each …`);
  await preloadGateway(postgres.urlOf('gateway'), sizes);
  await preloadBare(postgres.urlOf('bare'), postgres.urlOf('gateway'));
  const database = openDatabase(postgres.urlOf('gateway'), { poolSize: 1 });
  later(database, () => database.close());
  const gateway = await startGateway({ ...options, directory, databaseUrl: postgres.urlOf('gateway') });
  later(gateway, () => gateway.close());
  const bare = await startBare(postgres.urlOf('bare'), poolSize);
  later(bare, () => endProcess(bare.child));
  const load = fork(join(import.meta.dirname, 'load-process.ts'), {
    execArgv: TSX,
    serialization: 'advanced',
  });
  later(load, () => endProcess(load));
  const servers: Server[] = [
    { name: 'gateway', port: gateway.port, token: gateway.token, usage: gateway.usage },
    {
      name: 'bare',
      port: bare.port,
      token: 'none',
      usage: () => ask<{ cpuSeconds: number }>(bare.child, {}),
    },
  ];
  const common = {
    sizes,
    connections: CONNECTIONS,
    warmMs: WARM_MS,
    measureMs: (options.seconds * 1000) / ROUNDS,
  };
  const operations: RestFigures['operations'] = {};
  let memoryBytes = 0;
  for (const operation of options.operations) {
    operations[operation] = await alternate(load, servers, { ...common, operation }, async (round, name) => {
      say(`${operation} ${round + 1}/${ROUNDS} on the ${name} server …`);
      memoryBytes = Math.max(memoryBytes, (await gateway.usage()).memoryBytes);
      await untilHandled(database);
    });
  }
  memoryBytes = Math.max(memoryBytes, (await gateway.usage()).memoryBytes);
  return { operations, readyMs: gateway.readyMs, memoryBytes };
}

interface Server extends Target {
  usage(): Promise<{ readonly cpuSeconds: number }>;
}

/** Rounds by turns, so that what else the machine does falls on both. */
async function alternate(
  load: ChildProcess,
  servers: readonly Server[],
  common: Omit<Round, 'target'>,
  before: (round: number, name: string) => Promise<void>,
): Promise<{ readonly gateway: Measured; readonly bare: Measured }> {
  const rounds: Record<Target['name'], MeasuredRound[]> = { gateway: [], bare: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const { usage, ...target } of servers) {
      await before(round, target.name);
      const { cpuSeconds } = await usage();
      const result = await ask<RoundResult>(load, { ...common, target });
      if ('error' in result)
        throw new Error(`${common.operation} on the ${target.name} server: ${result.error}`);
      rounds[target.name].push({ ...result, cpuSeconds: (await usage()).cpuSeconds - cpuSeconds });
    }
  }
  return { gateway: summarise(rounds.gateway), bare: summarise(rounds.bare) };
}

/** Sends a process a message and resolves with its answer. */
function ask<T>(child: ChildProcess, message: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null) =>
      reject(new Error(`A process of the benchmark ended with code ${code}.`));
    child.once('exit', failed);
    child.once('message', (answer) => {
      child.off('exit', failed);
      resolve(answer as T);
    });
    child.send(message);
  });
}

/** What a round of writes has left to the relay is no part of the next round. */
async function untilHandled(database: Database): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ open: number }>(
      'SELECT count(*) AS open FROM change WHERE handled_at IS NULL',
    );
    if (row?.open === 0) return;
    await wait(100);
  }
}

async function startBare(
  databaseUrl: string,
  poolSize: number,
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const child = fork(join(import.meta.dirname, 'bare-process.ts'), [databaseUrl, String(poolSize)], {
    execArgv: TSX,
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`The bare server ended with code ${code}.`)));
  });
  return { port, child };
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}

export function isOperation(name: string): name is Operation {
  return (OPERATIONS as readonly string[]).includes(name);
}
