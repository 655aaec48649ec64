/** A copy of the SAP C4C system, or a new one, to be spoilt by a test. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, silta } from './run-silta.ts';

export const C4C = join(ROOT, 'mappings', 'sap-c4c');

/** Copies the shipped system into a folder of its own. @returns the folder of the systems */
export async function copySystem(into: string, name: string): Promise<string> {
  const systems = join(into, name);
  await cp(C4C, join(systems, 'sap-c4c'), { recursive: true });
  return systems;
}

/** Changes one file; fails when it does not hold what is to be replaced. */
export async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no '${from}'`);
  await writeFile(file, text.replace(from, to));
}

/** Makes a new system by `silta map new`. @returns its folder */
export async function newSystem(into: string, name: string): Promise<string> {
  await mkdir(into, { recursive: true });
  const { code, stderr } = await silta(['map', 'new', name, '--in', into]);
  if (code !== 0) throw new Error(stderr);
  return join(into, name);
}
