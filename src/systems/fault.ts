/** A mistake in a mappings folder, with its place. */
import { SiltaError } from '../outcome.ts';

export interface Fault {
  /** Path of the file, as it should be shown. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A fault as an engineer's editor understands it: `file:line:col: message`. */
export function printFault(fault: Fault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.message}`;
}

/** Faults of one folder, collected before they are thrown together. */
export class Faults extends Error {
  override readonly name = 'Faults';
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super(faults.map(printFault).join('\n'));
    this.faults = faults;
  }
}

/** The error that the boot ends with: one issue a fault, all of them. */
export function asBootError(faults: readonly Fault[]): SiltaError {
  const lines = faults.map(printFault);
  const count = lines.length === 1 ? 'a mistake' : `${lines.length} mistakes`;
  return new SiltaError('invalid-resource', `The mappings hold ${count}:\n${lines.join('\n')}`, {
    issues: lines.map((diagnostics) => ({ severity: 'error', code: 'invalid', diagnostics })),
  });
}
