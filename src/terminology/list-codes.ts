/** The codes that a search asks for. @see https://hl7.org/fhir/R4/search.html#modifiers */
import type { ValueSet } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { BuiltInTerminology } from './built-in.ts';
import { listMembers } from './compose.ts';
import { gatherTerminology, type StoredTerminology } from './gather.ts';
import { throwUnknown } from './refusals.ts';
import type { Concept } from './types.ts';

export interface CodeLists {
  /** Undefined when the value set is not known, or cannot be listed. */
  expand(
    valueSet: string,
  ): Promise<readonly { readonly system: string; readonly code: string }[] | undefined>;
  /** Codes below a code, without itself; undefined when the code is not known. */
  descendants(system: string, code: string): Promise<readonly string[] | undefined>;
  ancestors(system: string, code: string): Promise<readonly string[] | undefined>;
}

export function createCodeLists(builtIn: BuiltInTerminology, stored: StoredTerminology): CodeLists {
  const walk = async (system: string, code: string, next: (concept: Concept) => readonly Concept[]) => {
    const source = await gatherTerminology({ codeSystems: [{ url: system }] }, stored, builtIn);
    const start = source.codeSystem(system)?.find(code);
    if (!start) return undefined;
    const found = new Set(next(start));
    for (const each of found) for (const further of next(each)) found.add(further);
    found.delete(start);
    return [...found].map((each) => each.code);
  };
  return {
    expand: async (valueSet) => {
      const source = await gatherTerminology({ valueSets: [valueSet] }, stored, builtIn);
      const known: ValueSet | undefined = source.valueSet(valueSet);
      try {
        const members = known && throwUnknown('It cannot be listed', () => listMembers(known, source));
        return members?.map(({ system, concept }) => ({ system, code: concept.code }));
      } catch (error) {
        if (error instanceof SiltaError) return undefined;
        throw error;
      }
    },
    descendants: (system, code) => walk(system, code, ({ children }) => children),
    ancestors: (system, code) => walk(system, code, ({ parents }) => parents),
  };
}
