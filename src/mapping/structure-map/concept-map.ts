/**
 * `conceptmap` blocks as ConceptMap resources.
 *
 * @see https://hl7.org/fhir/R4/conceptmap.html
 */
import type { ConceptMap, ConceptMapGroup, ConceptMapGroupElement } from 'fhir/r4';
import type { ConceptMapNode, ConceptRelation, ConceptUnmappedNode } from '../tree.ts';

export type Equivalence = ConceptMap['group'] extends (infer G)[] | undefined
  ? G extends ConceptMapGroup
    ? NonNullable<ConceptMapGroupElement['target']>[number]['equivalence']
    : never
  : never;

/** The relations of the language and the R4 equivalences they stand for. */
export const EQUIVALENCES = {
  '-': 'relatedto',
  '=': 'equal',
  '==': 'equivalent',
  '!=': 'disjoint',
  '--': 'unmatched',
  '<=': 'wider',
  '<-': 'subsumes',
  '>=': 'narrower',
  '>-': 'specializes',
  '~': 'inexact',
} as const satisfies Record<ConceptRelation, Equivalence>;

function unmappedOf(node: ConceptUnmappedNode): NonNullable<ConceptMapGroup['unmapped']> {
  if (node.mode === 'provided') return { mode: 'provided' };
  if (node.mode === 'fixed') return { mode: 'fixed', ...(node.value !== undefined && { code: node.value }) };
  return { mode: 'other-map', ...(node.value !== undefined && { url: node.value }) };
}

/** Makes the ConceptMap that a block stands for; its groups are the pairs of prefixes, in the order they appear. */
export function toConceptMap(node: ConceptMapNode): ConceptMap {
  const urls = new Map(node.prefixes.map((prefix) => [prefix.name, prefix.url]));
  const groups = new Map<string, ConceptMapGroup>();
  for (const row of node.rows) {
    const key = `${row.sourcePrefix} ${row.targetPrefix}`;
    const source = urls.get(row.sourcePrefix) ?? '';
    const target = urls.get(row.targetPrefix);
    const unmapped = node.unmapped.find((each) => each.prefix === row.sourcePrefix);
    const group = groups.get(key) ?? {
      source,
      ...(target !== undefined && { target }),
      element: [],
      ...(unmapped && { unmapped: unmappedOf(unmapped) }),
    };
    groups.set(key, group);
    let element = group.element.find((each) => each.code === row.sourceCode);
    if (!element) {
      element = { code: row.sourceCode, target: [] };
      group.element.push(element);
    }
    const equivalence = EQUIVALENCES[row.relation];
    element.target?.push(row.relation === '--' ? { equivalence } : { code: row.targetCode, equivalence });
  }
  for (const unmapped of node.unmapped) {
    if (node.rows.some((row) => row.sourcePrefix === unmapped.prefix)) continue;
    const source = urls.get(unmapped.prefix) ?? '';
    groups.set(unmapped.prefix, { source, element: [], unmapped: unmappedOf(unmapped) });
  }
  return { resourceType: 'ConceptMap', id: node.id, status: 'active', group: [...groups.values()] };
}
