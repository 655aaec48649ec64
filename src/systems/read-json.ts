/** Reads a JSON file of a mappings folder; what is wrong with it is a fault with its place. */
import { readFile } from 'node:fs/promises';
import { Faults } from './fault.ts';

/**
 * @param path file to read
 * @param shown how faults name it
 * @throws Faults when the file is not JSON
 */
export async function readJson(path: string, shown: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = (error as Error).message;
    const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, offset).split('\n');
    throw new Faults([
      {
        file: shown,
        line: before.length,
        column: (before.at(-1) ?? '').length + 1,
        message: `not JSON: ${message}`,
      },
    ]);
  }
}
