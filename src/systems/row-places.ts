/** Places in the ConceptMaps of a folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Position } from '../mapping/index.ts';
import type { FolderMaps } from './compile-folder.ts';
import { placeInJson } from './place-in-json.ts';

/** Where the rows of a folder's ConceptMaps stand: by the ConceptMap's url and the code that the row translates. */
export async function rowPlacesOf(
  folder: string,
  shown: string,
  compiled: FolderMaps,
): Promise<(url: string, code: string) => Position | undefined> {
  const files = await Promise.all(
    [...compiled.conceptMapFiles].map(
      async ([name, map]) => [map, name, await readFile(join(folder, name), 'utf8')] as const,
    ),
  );
  return (url, code) => {
    for (const [map, name, text] of files) {
      if (map.url !== url) continue;
      for (const [index, group] of (map.group ?? []).entries()) {
        const row = group.element.findIndex((each) => each.code === code);
        const at = row < 0 ? undefined : placeInJson(text, ['group', index, 'element', row]);
        if (at) return { file: `${shown}/${name}`, ...at };
      }
    }
    return undefined;
  };
}
