import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from './exit.ts';

/**
 * Takes a data directory for this process, so that two sandboxes never share one database server.
 * @returns a function that gives it back
 * @throws CommandError when a living process has it; what a killed one left is taken over
 */
export async function holdDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'silta.pid');
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, String(process.pid));
  try {
    while (!(await linkUnlessThere(draft, file))) {
      const holder = Number(await readFile(file, 'utf8').catch(() => ''));
      if (holder && holder !== process.pid && isAlive(holder)) {
        throw new CommandError(`Silta already runs on ${directory} (process ${holder}). Stop it first.`, 2);
      }
      await rm(file, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
  return () => rm(file, { force: true });
}

/** Linked into place, so that of two who come at once one is first, and nobody reads half a file. */
async function linkUnlessThere(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
