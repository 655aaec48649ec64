// https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
import { isWithin } from './code-system.ts';
import type { Concept } from './types.ts';

export type Subsumption = 'equivalent' | 'subsumes' | 'subsumed-by' | 'not-subsumed';

/** How one concept of a system stands to another of it. */
export function compareConcepts(a: Concept, b: Concept): Subsumption {
  if (a === b || a.code === b.code) return 'equivalent';
  if (isWithin(b, a)) return 'subsumes';
  return isWithin(a, b) ? 'subsumed-by' : 'not-subsumed';
}
