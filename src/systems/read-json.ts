/** Reads a JSON file of a mappings folder; what is wrong with it is a fault with its place. */
import { readFile } from 'node:fs/promises';
import { json, MappingError } from '../mapping/index.ts';
import { Faults } from './fault.ts';

/**
 * @param path file to read
 * @param shown how faults name it
 * @throws Faults when the file is not JSON
 */
export async function readJson(path: string, shown: string): Promise<unknown> {
  return parseJson(await readFile(path, 'utf8'), shown);
}

/**
 * @param text JSON
 * @param shown how faults name its file
 * @throws Faults when the text is not JSON
 */
export function parseJson(text: string, shown: string): unknown {
  try {
    return json.parse(text, shown);
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    const { file, line, column } = error.position;
    const message = error.message.slice(`${file}:${line}:${column}: `.length);
    throw new Faults([{ file, line, column, message }]);
  }
}
