import { OPERATIONS } from './operations.ts';
import type { RestFigures } from './run-rest.ts';

/** Share of the bare server's throughput that each operation is to reach. */
export const TARGETS = {
  create: 0.5,
  read: 0.9,
  'search-responses': 1.2,
  'search-tasks': 0.7,
  transaction: 0.5,
  update: 0.5,
} as const;

const MEBIBYTE = 1024 * 1024;

/** The figures as an object to print as JSON: requests a second, times in milliseconds. */
export function toJson(figures: RestFigures): object {
  const operations = OPERATIONS.flatMap((operation) => {
    const found = figures.operations[operation];
    if (!found) return [];
    const { gateway, bare } = found;
    const entry = {
      perSecond: round(gateway.perSecond, 1),
      barePerSecond: round(bare.perSecond, 1),
      ratio: round(gateway.perSecond / bare.perSecond, 3),
      p50Ms: round(gateway.p50Ms, 2),
      p99Ms: round(gateway.p99Ms, 2),
      cpuUs: Math.round(gateway.cpuUs),
      bareCpuUs: Math.round(bare.cpuUs),
    };
    return [[operation, entry] as const];
  });
  return {
    operations: Object.fromEntries(operations),
    memoryMiB: round(figures.memoryBytes / MEBIBYTE, 1),
    readyMs: Math.round(figures.readyMs),
  };
}

/** The figures as a table for people. */
export function toTable(figures: RestFigures): string {
  const head = [
    'operation',
    'req/s',
    'bare req/s',
    'ratio',
    'target',
    'p50 ms',
    'p99 ms',
    'cpu µs',
    'bare cpu µs',
  ];
  const rows = OPERATIONS.flatMap((operation) => {
    const found = figures.operations[operation];
    if (!found) return [];
    const { gateway, bare } = found;
    return [
      [
        operation,
        gateway.perSecond.toFixed(0),
        bare.perSecond.toFixed(0),
        (gateway.perSecond / bare.perSecond).toFixed(2),
        TARGETS[operation].toFixed(1),
        gateway.p50Ms.toFixed(1),
        gateway.p99Ms.toFixed(1),
        gateway.cpuUs.toFixed(0),
        bare.cpuUs.toFixed(0),
      ],
    ];
  });
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0), title.length),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0)))
      .join('  ');
  return [
    ...[head, ...rows].map(line),
    '',
    `memory under load ${(figures.memoryBytes / MEBIBYTE).toFixed(0)} MiB, ready after start ${figures.readyMs.toFixed(0)} ms`,
  ].join('\n');
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
