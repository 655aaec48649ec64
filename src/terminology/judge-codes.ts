/** Answers about codes without waiting, for the validation of resources. */
import type { ValueSet } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { Coding, Resource } from '../resource.ts';
import type { BuiltInTerminology } from './built-in.ts';
import { gatherTerminology, type StoredTerminology } from './gather.ts';
import type { TerminologySource } from './types.ts';
import { type CodeVerdict, validateInValueSet } from './validate-code.ts';

export interface CodeJudge {
  /**
   * Whether the code is in the value set, and rightly named. A code without a system may be of any of its systems.
   * @param valueSet canonical, or a ValueSet resource whose structure is valid
   * @returns undefined when it cannot be told here
   */
  judge(valueSet: string | Resource, coding: Coding): CodeVerdict | undefined;
  /** Looks up what is stored of the value sets that a Questionnaire names, so that {@link judge} knows it. */
  prepareFor(questionnaire: Resource): Promise<void>;
}

const MOST_PREPARED = 200;
const UNIT_VALUE_SET = 'http://hl7.org/fhir/StructureDefinition/questionnaire-unitValueSet';

/**
 * @param stored absent: only what is built in is known
 */
export function createCodeJudge(builtIn: BuiltInTerminology, stored?: StoredTerminology): CodeJudge {
  const prepared = new Map<string, TerminologySource>();
  const named = new WeakMap<Resource, ReadonlySet<string>>();
  const namesIn = (questionnaire: Resource): ReadonlySet<string> => {
    const known = named.get(questionnaire) ?? new Set(valueSetsOf(questionnaire['item']));
    named.set(questionnaire, known);
    return known;
  };
  return {
    judge: (valueSet, coding) => {
      const source = (typeof valueSet === 'string' ? prepared.get(valueSet) : undefined) ?? builtIn;
      const found =
        typeof valueSet === 'string' ? source.valueSet(valueSet) : (valueSet as unknown as ValueSet);
      return found && tellOrNot(found, coding, source);
    },
    prepareFor: async (questionnaire) => {
      if (!stored) return;
      for (const canonical of namesIn(questionnaire)) {
        const source = await gatherTerminology({ valueSets: [canonical] }, stored, builtIn);
        if (prepared.size >= MOST_PREPARED) prepared.clear();
        prepared.set(canonical, source);
      }
    },
  };
}

/** Value sets of answers and of units, of items at any depth; those contained in the Questionnaire aside. */
function valueSetsOf(items: unknown): readonly string[] {
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: Record<string, unknown>) => {
    const units = Array.isArray(item['extension']) ? item['extension'] : [];
    const own = [
      item['answerValueSet'],
      ...units.flatMap((each) => (each?.url === UNIT_VALUE_SET ? [each.valueCanonical] : [])),
    ];
    return [
      ...own.filter((each): each is string => typeof each === 'string' && !each.startsWith('#')),
      ...valueSetsOf(item['item']),
    ];
  });
}

function tellOrNot(valueSet: ValueSet, coding: Coding, source: TerminologySource): CodeVerdict | undefined {
  try {
    return validateInValueSet(valueSet, { codings: [coding] }, source);
  } catch (error) {
    if (error instanceof SiltaError) return undefined;
    throw error;
  }
}
