/** Files that a command works on: those named, and those in directories. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from './exit.ts';

/** The name that stands for the standard input. */
export const STANDARD_INPUT = '-';

export interface Input {
  /** Path as it is shown, or `-`. */
  readonly name: string;
  /** Whether it was found in a directory, and not named. */
  readonly found: boolean;
}

/** @throws CommandError (2) when something is not there, or nothing is */
export async function listInputs(names: readonly string[]): Promise<readonly Input[]> {
  const lists = await Promise.all(names.map(listInput));
  const inputs = lists.flat();
  if (inputs.length > 0) return inputs;
  throw new CommandError('there are no JSON or XML files in what was given', 2);
}

async function listInput(name: string): Promise<readonly Input[]> {
  if (name === STANDARD_INPUT) return [{ name, found: false }];
  const status = await stat(name).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${name}: ${error.code === 'ENOENT' ? 'there is no such file' : error.code}`, 2);
  });
  if (!status.isDirectory()) return [{ name, found: false }];
  const inside = await readdir(name, { recursive: true, withFileTypes: true });
  return inside
    .filter((entry) => entry.isFile() && /^[^.].*\.(?:json|xml)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[\\/](?:node_modules|\.[^\\/]+)[\\/]/.test(path.slice(name.length)))
    .sort()
    .map((path) => ({ name: path, found: true }));
}

/** Everything that comes in by the standard input. */
export async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
