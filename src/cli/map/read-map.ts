/** A map from a file of any of its forms. */
import { extname } from 'node:path';
import {
  type Codec,
  createXmlCodec,
  formatDiagnostic,
  fromStructureMap,
  json,
  MappingError,
  type MapTree,
  parseMap,
} from '../../mapping/index.ts';
import { CommandError } from '../exit.ts';
import { mapContext } from './folders.ts';

const STRUCTURE_MAP = 'http://hl7.org/fhir/StructureDefinition/StructureMap';

/** Reads and writes StructureMaps in the format that a file's ending tells. */
export async function structureMapCodec(ending: string): Promise<Codec> {
  if (ending === '.json') return json;
  const { definitions } = await mapContext();
  return createXmlCodec({ definitions, models: [], type: STRUCTURE_MAP });
}

/**
 * Reads FML, or a StructureMap in JSON or XML, by the ending of the file's name.
 *
 * @throws CommandError with every fault of the map
 */
export async function readMapText(text: string, file: string): Promise<MapTree> {
  const ending = extname(file).toLowerCase();
  const { map, diagnostics } =
    ending === '.json' || ending === '.xml'
      ? fromStructureMap(await readStructureMap(text, file, ending), file)
      : parseMap(text, file);
  if (map && diagnostics.every((each) => each.severity !== 'error')) return map;
  throw new CommandError(diagnostics.map(formatDiagnostic).join('\n') || `${file}: not a map`);
}

async function readStructureMap(text: string, file: string, ending: string): Promise<unknown> {
  try {
    return (await structureMapCodec(ending)).parse(text, file);
  } catch (error) {
    if (error instanceof MappingError) throw new CommandError(error.message);
    throw error;
  }
}
