import type { StructureMap } from 'fhir/r4';

/**
 * The model that a map reads or writes first: the one its first group's input names, or the only one of the mode.
 *
 * @param input name of the first group's input, when it has several of the mode
 * @returns its URL as in the map's `uses`, or the type's name where the map has no such `uses`
 */
export function findModelUrl(
  map: StructureMap,
  mode: 'source' | 'target',
  input?: string,
): string | undefined {
  const inputs = map.group[0]?.input.filter((each) => each.mode === mode) ?? [];
  const type = (input === undefined ? inputs[0] : inputs.find((each) => each.name === input))?.type;
  const structures = map.structure ?? [];
  const used = structures.filter((each) => each.mode === mode);
  if (type === undefined) return used.length === 1 ? used[0]?.url : undefined;
  const named = structures.find(
    (each) => (each.alias ?? each.url.slice(each.url.lastIndexOf('/') + 1)) === type,
  );
  return named?.url ?? type;
}
