/** How a command ends: 0 all right, 1 the work failed, 2 it was called or configured wrongly. */

/** A failure whose message is all the user needs; no stack is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
