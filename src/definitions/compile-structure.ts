import type { StructureDefinition } from 'fhir/r4';
import { generateSnapshot } from './snapshot.ts';
import { openStructure, readStructure } from './structure-data.ts';
import type { Definitions, Structure } from './types.ts';

/**
 * Compiles a StructureDefinition from elsewhere, such as a connected system's logical model.
 * @param definition with a snapshot, or with a differential over a base that `definitions` knows
 * @throws Error when the base is unknown or the differential does not fit it
 */
export function compileStructure(
  definition: StructureDefinition,
  definitions: Pick<Definitions, 'structure'>,
): Structure {
  const data = definition.snapshot
    ? readStructure(definition)
    : generateSnapshot(definition, definitions.structure);
  return openStructure(data);
}
