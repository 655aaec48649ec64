/** Values that a map compares elements with: messages without them would never get past its conditions. */
import type { MapTree } from '../../tree.ts';
import { rulesOf } from '../check/rules-of.ts';

const COMPARISON = /([A-Za-z]\w*)\s*=\s*(?:'((?:\\.|[^'\\])*)'|%(\w+))/g;

/** The texts of the map's constants that are plain texts. */
function constantsOf(map: MapTree): ReadonlyMap<string, string> {
  return new Map(
    map.constants.flatMap(({ name, expression }) => {
      const text = /^\s*'((?:\\.|[^'\\])*)'\s*$/.exec(expression.text)?.[1];
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}

/** Every expression of the map. */
function expressionsOf(map: MapTree): readonly string[] {
  return rulesOf(map.groups.flatMap((group) => group.rules)).flatMap((rule) => [
    ...rule.sources.flatMap((source) => [source.where?.text ?? '', source.check?.text ?? '']),
    ...rule.targets.flatMap((target) =>
      (target.transform?.arguments ?? []).flatMap((each) => (each.kind === 'expression' ? each.text : [])),
    ),
  ]);
}

/** Finds `element = 'text'` and `element = %constant`: the texts by the elements' names. */
export function findHints(map: MapTree): ReadonlyMap<string, readonly string[]> {
  const constants = constantsOf(map);
  const found = new Map<string, string[]>();
  for (const text of expressionsOf(map))
    for (const [, name = '', literal, constant = ''] of text.matchAll(COMPARISON)) {
      const value = literal ?? constants.get(constant);
      const known = found.get(name) ?? [];
      if (value !== undefined && !known.includes(value)) found.set(name, [...known, value]);
    }
  return found;
}
