import type { Logger } from '../../../src/delivery/types.ts';

/** A logger that keeps its lines, for tests about what is logged. */
export function createLog(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (entry: object, message: string) =>
    void lines.push(JSON.stringify({ level, message, ...entry }));
  return { lines, logger: { info: keep('info'), warn: keep('warn'), error: keep('error') } };
}
