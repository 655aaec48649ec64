/**
 * A ConceptMap in the shape of R5, which has fewer relations: what they do not tell apart is kept in R4's extension.
 *
 * @see https://hl7.org/fhir/R5/conceptmap.html
 */
import type {
  ConceptMap as R4ConceptMap,
  ConceptMapGroupElement as R4Element,
  ConceptMapGroup as R4Group,
  ConceptMapGroupUnmapped as R4Unmapped,
} from 'fhir/r4';
import type { Equivalence } from './concept-map.ts';
import { EQUIVALENCE_EXTENSION } from './vocabulary.ts';

/** The type definitions at hand are those of R4. */
type Json = Readonly<Record<string, unknown>>;

const RELATIONSHIPS = {
  relatedto: 'related-to',
  equal: 'equivalent',
  equivalent: 'equivalent',
  disjoint: 'not-related-to',
  unmatched: 'not-related-to',
  wider: 'source-is-narrower-than-target',
  subsumes: 'source-is-narrower-than-target',
  narrower: 'source-is-broader-than-target',
  specializes: 'source-is-broader-than-target',
  inexact: 'related-to',
} as const satisfies Record<Equivalence, string>;

/** Those that R5's relation alone would not be read as. */
const BLURRED: ReadonlySet<Equivalence> = new Set([
  'equal',
  'unmatched',
  'subsumes',
  'specializes',
  'inexact',
]);

function elementOf({ code, target = [] }: R4Element): Json {
  const isUnmatched = target.length === 1 && target[0]?.equivalence === 'unmatched';
  if (isUnmatched) return { ...(code !== undefined && { code }), noMap: true };
  return {
    ...(code !== undefined && { code }),
    target: target.map(({ code: wanted, equivalence }) => ({
      ...(BLURRED.has(equivalence) && {
        extension: [{ url: EQUIVALENCE_EXTENSION, valueCode: equivalence }],
      }),
      ...(wanted !== undefined && { code: wanted }),
      relationship: RELATIONSHIPS[equivalence],
    })),
  };
}

function unmappedOf({ mode, code, url }: R4Unmapped): Json {
  return {
    mode: mode === 'provided' ? 'use-source-code' : mode,
    ...(code !== undefined && { code }),
    ...(url !== undefined && { otherMap: url }),
  };
}

function groupOf({ element, unmapped, ...head }: R4Group): Json {
  return {
    ...head,
    element: element.map(elementOf),
    ...(unmapped && { unmapped: unmappedOf(unmapped) }),
  };
}

/** @param map a ConceptMap as `toConceptMap` writes it: what else R4 can hold is not looked at */
export function toR5ConceptMap({ resourceType, id, status, group }: R4ConceptMap): Json {
  return {
    resourceType,
    ...(id !== undefined && { id }),
    status,
    ...(group && { group: group.map(groupOf) }),
  };
}
