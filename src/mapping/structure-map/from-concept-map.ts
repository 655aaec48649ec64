/**
 * Contained ConceptMaps as `conceptmap` blocks. Each group gets prefixes of its own, so that groups stay apart.
 *
 * @see https://hl7.org/fhir/R4/conceptmap.html
 */
import type { ConceptMapNode, ConceptRelation, ConceptRowNode, ConceptUnmappedNode } from '../tree.ts';
import { EQUIVALENCES } from './concept-map.ts';
import type { JsonReader } from './json-reader.ts';
import { EQUIVALENCE_EXTENSION } from './vocabulary.ts';

/** R5 names the relations anew. */
const R5_RELATIONS: Readonly<Record<string, ConceptRelation>> = {
  'related-to': '-',
  equivalent: '==',
  'source-is-narrower-than-target': '<=',
  'source-is-broader-than-target': '>=',
  'not-related-to': '!=',
};

function relationOf(target: JsonReader): ConceptRelation {
  const equivalence =
    target.text('equivalence') ?? target.extension(EQUIVALENCE_EXTENSION)?.text('valueCode');
  const known = Object.entries(EQUIVALENCES).find(([, name]) => name === equivalence)?.[0];
  return (known as ConceptRelation | undefined) ?? R5_RELATIONS[target.text('relationship') ?? ''] ?? '-';
}

function unmappedOf(group: JsonReader, prefix: string): readonly ConceptUnmappedNode[] {
  const [unmapped] = group.list('unmapped');
  if (!unmapped) return [];
  const { position } = group;
  const mode = unmapped.text('mode');
  if (mode === 'provided' || mode === 'use-source-code') return [{ prefix, mode: 'provided', position }];
  if (mode === 'fixed') return [{ prefix, mode, value: unmapped.required('code'), position }];
  const url = unmapped.text('otherMap') ?? unmapped.required('url');
  return [{ prefix, mode: 'other-map', value: url, position }];
}

function rowsOf(group: JsonReader, sourcePrefix: string, targetPrefix: string): readonly ConceptRowNode[] {
  const { position } = group;
  return group.list('element').flatMap((element) => {
    const from = { sourcePrefix, sourceCode: element.required('code'), position };
    const unmatched: ConceptRowNode = { ...from, relation: '--', targetPrefix: '', targetCode: '' };
    if (element.scalar('noMap') === true) return [unmatched];
    return element.list('target').map((target): ConceptRowNode => {
      const relation = relationOf(target);
      if (relation === '--') return unmatched;
      return { ...from, relation, targetPrefix, targetCode: target.required('code') };
    });
  });
}

/** Reads a contained resource; anything but a ConceptMap is reported. */
export function fromConceptMap(json: JsonReader): readonly ConceptMapNode[] {
  if (json.text('resourceType') !== 'ConceptMap') {
    json.report('only ConceptMaps can be contained in a map');
    return [];
  }
  const { position } = json;
  const groups = json.list('group').map((group, index) => {
    const suffix = index === 0 ? '' : String(index + 1);
    const [source, target] = [`s${suffix}`, `t${suffix}`];
    const targetUrl = group.text('target');
    return {
      prefixes: [
        { name: source, url: group.text('source') ?? '', position },
        ...(targetUrl === undefined ? [] : [{ name: target, url: targetUrl, position }]),
      ],
      unmapped: unmappedOf(group, source),
      rows: rowsOf(group, source, target),
    };
  });
  return [
    {
      id: json.required('id'),
      prefixes: groups.flatMap((group) => group.prefixes),
      unmapped: groups.flatMap((group) => group.unmapped),
      rows: groups.flatMap((group) => group.rows),
      position,
    },
  ];
}
