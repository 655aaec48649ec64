/** The project's own files: everything but what is installed, built or kept by a running sandbox. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Folders that `.gitignore` names, and git's own; the tests must not need git, which a fresh machine may lack. */
const NOT_OURS: ReadonlySet<string> = new Set(['.git', 'node_modules', 'dist', 'coverage', '.silta']);

/** Paths below the root, of the given folders and files or of all. */
export function projectFiles(...places: readonly string[]): readonly string[] {
  return (places.length > 0 ? places : readdirSync(ROOT)).flatMap(filesBelow).sort();
}

function filesBelow(path: string): readonly string[] {
  const name = path.split('/').at(-1) ?? '';
  if (NOT_OURS.has(name) || name.endsWith('.log')) return [];
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path)).flatMap((entry) => filesBelow(`${path}/${entry}`));
}

export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
