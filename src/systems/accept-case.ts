/** Takes what a map gives now as what a case wants: `silta map test --update`. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { judgeCase } from './judge-case.ts';
import type { CaseEntry, CaseFolder } from './open-cases.ts';

/** A file that a case would have to hold to pass. */
export interface Acceptance {
  readonly file: string;
  readonly text: string;
}

/**
 * What would make a failing case pass: another expected result, or another place where the map fails. A case that wants
 * a result and fails, or that wants a failure and gives a result, is for a person to decide.
 *
 * @returns undefined when there is nothing to accept
 */
export async function proposeAcceptance(open: CaseFolder, entry: CaseEntry): Promise<Acceptance | undefined> {
  const { read } = entry;
  const map = read && open.compiled.maps.get(read.map);
  if (!read || !map) return undefined;
  const { problem, differences, actual, failure } = judgeCase(read, map);
  if (problem === undefined && differences.length === 0) return undefined;
  if ('error' in read.wanted) {
    if (!failure) return undefined;
    const document = parseDocument(await readFile(entry.file, 'utf8'));
    document.setIn(['error', 'at'], `${failure.position.line}:${failure.position.column}`);
    if (read.wanted.error.rule !== undefined) document.setIn(['error', 'rule'], failure.rule);
    const { message } = read.wanted.error;
    // The message is what the case is about: another one is not taken over in silence.
    if (message !== undefined && !failure.message.includes(message)) return undefined;
    return { file: entry.file, text: document.toString({ lineWidth: 0 }) };
  }
  if (failure) return undefined;
  return { file: read.expectedFile, text: `${JSON.stringify(actual, null, 2)}\n` };
}

/** Writes what was proposed. */
export async function accept({ file, text }: Acceptance): Promise<void> {
  await writeFile(file, text);
}
