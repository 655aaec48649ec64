/** Fuzzes the parser of maps, StructureMaps and the codecs in a process of its own, which is ended when it hangs. */
import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the process is given. */
export interface FuzzWork {
  readonly seconds: number;
  readonly seed: number;
  /** Where it leaves each text before it tries it, behind a number. */
  readonly noteFile: string;
}

export interface FuzzFamily {
  readonly name: string;
  readonly runs: number;
  /** The smallest text that fails, and how. */
  readonly failure?: string;
}

/** A text that takes longer than this hangs. */
const LONGEST_MS = 20_000;

/** @returns what was tried; a hang is a failure with its text */
export async function runMapFuzz(seconds: number, seed: number): Promise<readonly FuzzFamily[]> {
  const directory = await mkdtemp(join(tmpdir(), 'silta-fuzz-'));
  try {
    return await watchChild({ seconds, seed, noteFile: join(directory, 'text') });
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function watchChild(work: FuzzWork): Promise<readonly FuzzFamily[]> {
  await writeFile(work.noteFile, '');
  const found: FuzzFamily[] = [];
  const child = fork(join(import.meta.dirname, 'child.ts'), [JSON.stringify(work)], {
    execArgv: ['--import', 'tsx'],
  });
  child.on('message', (family) => found.push(family as FuzzFamily));
  let last = '';
  const watch = setInterval(async () => {
    const now = await readFile(work.noteFile, 'utf8');
    if (now === last && now !== '') {
      const text = JSON.stringify(now.slice(now.indexOf('\n') + 1));
      found.push({
        name: 'hang',
        runs: 1,
        failure: `This takes longer than ${LONGEST_MS / 1000} s:\n${text}`,
      });
      child.kill('SIGKILL');
    }
    last = now;
  }, LONGEST_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  clearInterval(watch);
  const isExpected = code === 0 || found.some((each) => each.failure !== undefined);
  return isExpected ? found : [...found, { name: 'process', runs: 1, failure: `It ended with ${code}.` }];
}
