/** What a terminal can show and a pipe should not get: colours, progress, questions. */
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

type Style = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

/** Colours a text when the stream is a terminal and nobody forbids it (https://no-color.org). */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  const isColoured = stream.isTTY && !process.env['NO_COLOR'];
  return isColoured ? styleText(style, text) : text;
}

/** Writes a line to standard output. */
export const writeLine = (line = ''): void => void process.stdout.write(`${line}\n`);

export interface Progress {
  show(text: string): void;
  clear(): void;
}

/** One line on standard error that is written over; nothing where nobody looks. */
export function startProgress(): Progress {
  const { stderr } = process;
  let last = 0;
  return {
    show: (text) => {
      if (!stderr.isTTY || performance.now() - last < 50) return;
      last = performance.now();
      stderr.write(`\r\u001b[2K${text.slice(0, (stderr.columns || 80) - 1)}`);
    },
    clear: () => void (stderr.isTTY && stderr.write('\r\u001b[2K')),
  };
}

/** Whether somebody can be asked. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stdout.isTTY);

/** Asks for a yes or a no; no without an answer. */
export async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
