/** The load generator: a process of its own, so that it shares no thread with what it measures. */
import { type HttpConnection, openConnection } from '../load/http-connection.ts';
import { createScript, type Operation, type Script, type Target } from './operations.ts';
import type { Sizes } from './samples.ts';

/** A round: what the parent asks for. */
export interface Round {
  readonly operation: Operation;
  readonly target: Target;
  readonly sizes: Sizes;
  readonly connections: number;
  readonly warmMs: number;
  readonly measureMs: number;
}

export type RoundResult =
  | {
      readonly times: readonly number[];
      readonly tookMs: number;
      /** Requests with those of the warm-up. */
      readonly sent: number;
    }
  | { readonly error: string };

const versions = { gateway: new Map<string, number>(), bare: new Map<string, number>() };

async function run(round: Round): Promise<RoundResult> {
  const scripts = Array.from({ length: round.connections }, (_, connection) =>
    createScript(round.operation, { ...round, connection, versions: versions[round.target.name] }),
  );
  const connections = await Promise.all(scripts.map(() => openConnection(round.target.port)));
  const start = performance.now() + round.warmMs;
  const end = start + round.measureMs;
  const window: Window = { start, end, times: [], sent: 0 };
  try {
    await Promise.all(scripts.map((script, n) => drive(script, connections[n] as HttpConnection, window)));
  } finally {
    for (const connection of connections) connection.close();
  }
  return { times: window.times, sent: window.sent, tookMs: performance.now() - start };
}

interface Window {
  readonly start: number;
  readonly end: number;
  readonly times: number[];
  sent: number;
}

async function drive(script: Script, connection: HttpConnection, window: Window): Promise<void> {
  let sent = performance.now();
  while (sent < window.end) {
    const reply = await connection.send(script.next());
    const got = performance.now();
    script.check(reply);
    window.sent++;
    if (sent >= window.start) window.times.push(got - sent);
    sent = performance.now();
  }
}

process.on('message', (round: Round) => {
  run(round).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
