/**
 * A run's trace as a FHIR Parameters resource, in the form of the debug trace that the mapping language's guide proposes
 * for `$transform`: `return`, then a `trace` for each step, in order, with its place in the map.
 *
 * @see https://build.fhir.org/ig/HL7/mapping-language-ig/en/debug.html
 */
import type { Parameters, ParametersParameter } from 'fhir/r4';
import type { MapTree, RuleNode } from '../tree.ts';
import type { Position, TraceLine } from '../types.ts';

const keyOf = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;

/** Paths in the StructureMap, such as `StructureMap.group[0].rule[2].target[1]`, by the places in the text. */
function indexPaths(maps: readonly MapTree[]): ReadonlyMap<string, { path: string; url: string }> {
  const found = new Map<string, { path: string; url: string }>();
  const visit = (rule: RuleNode, path: string, url: string): void => {
    found.set(keyOf(rule.position), { path, url });
    for (const [index, target] of rule.targets.entries())
      found.set(keyOf(target.position), { path: `${path}.target[${index}]`, url });
    for (const [index, inner] of rule.rules.entries()) visit(inner, `${path}.rule[${index}]`, url);
  };
  for (const { groups, url } of maps)
    for (const [at, group] of groups.entries())
      for (const [index, rule] of group.rules.entries())
        visit(rule, `StructureMap.group[${at}].rule[${index}]`, url);
  return found;
}

function text(name: string, value: string | undefined): readonly ParametersParameter[] {
  return value === undefined ? [] : [{ name, valueString: value }];
}

/**
 * @param result what the map gave: a resource as such, everything else as JSON text
 * @param maps the map and those it imports
 */
export function printDebugTrace(
  result: unknown,
  trace: readonly TraceLine[],
  maps: readonly MapTree[],
): Parameters {
  const paths = indexPaths(maps);
  const isResource = typeof result === 'object' && result !== null && 'resourceType' in result;
  const given = isResource
    ? { name: 'return', resource: result as NonNullable<ParametersParameter['resource']> }
    : { name: 'return', valueString: JSON.stringify(result) };
  const steps = trace.map(({ target, source, rule, position }): ParametersParameter => {
    const at = paths.get(keyOf(position));
    return {
      name: 'trace',
      part: [
        { name: 'phase', valueCode: 'step' },
        ...text('source', at?.url),
        ...text('position', at?.path),
        ...text('file', position.file),
        { name: 'line', valueInteger: position.line },
        { name: 'column', valueInteger: position.column },
        ...text('rule', rule),
        { name: 'variable', part: [{ name: 'contextType', valueCode: 'output' }, ...text('path', target)] },
        ...(source === undefined
          ? []
          : [
              {
                name: 'variable',
                part: [{ name: 'contextType', valueCode: 'input' }, ...text('path', source)],
              },
            ]),
      ],
    };
  });
  return {
    resourceType: 'Parameters',
    parameter: [given, { name: 'traceStatus', valueCode: 'complete' }, ...steps],
  };
}
