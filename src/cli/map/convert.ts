/** `silta map convert`: FML and StructureMap (JSON, XML), either way. */
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { MappingError, type MapTree, printMap, toR5, toStructureMap } from '../../mapping/index.ts';
import { CommandError } from '../exit.ts';
import { readGiven } from './print.ts';
import { readMapText, structureMapCodec } from './read-map.ts';

export interface ConvertOptions {
  /** File to write; `-.json` and the like write to standard output. */
  readonly to: string;
  /** Shape of a StructureMap that is written. */
  readonly fhirVersion?: 'R4' | 'R5';
}

/**
 * Converts one file. What the file holds beyond a map (narrative, for one) is not taken over.
 *
 * @throws CommandError when the map is broken (1) or an ending says no format (2)
 */
export async function convertMap(file: string, options: ConvertOptions): Promise<void> {
  const { to, fhirVersion = 'R4' } = options;
  const ending = extname(to) || (to.startsWith('-.') ? to.slice(1) : '');
  if (!['.fml', '.json', '.xml'].includes(ending))
    throw new CommandError(`--to ${to}: a file that ends in .fml, .json or .xml is wanted`, 2);
  if (fhirVersion === 'R5' && ending === '.xml')
    throw new CommandError(
      '--fhir-version R5 goes with --to *.json: XML is written by the definitions of R4',
      2,
    );
  const map = await readMapText(await readGiven(file), file);
  const shaped = fhirVersion === 'R5' ? (tree: MapTree) => toR5(toStructureMap(tree)) : toStructureMap;
  const text = ending === '.fml' ? printMap(map) : await printStructureMap(shaped(map), ending);
  if (to.startsWith('-.')) process.stdout.write(text);
  else await writeFile(to, text);
}

async function printStructureMap(structureMap: unknown, ending: string): Promise<string> {
  try {
    return `${(await structureMapCodec(ending)).print(structureMap).trimEnd()}\n`;
  } catch (error) {
    if (error instanceof MappingError) throw new CommandError(error.message);
    throw error;
  }
}
