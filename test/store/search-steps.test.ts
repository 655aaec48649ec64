import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { SiltaError } from '../../src/outcome.ts';
import { createIndexPlans, type IndexPlan } from '../../src/store/index-plan.ts';
import { compileParameter } from '../../src/store/search-condition.ts';
import { createSearchScope } from '../../src/store/search-scope.ts';
import { typesReached } from '../../src/store/search-steps.ts';
import { EVERYTHING } from './store-fixture.ts';

const REFERENCES = [
  'subject',
  'patient',
  'link',
  'organization',
  'performer',
  'encounter',
  'based-on',
  'owner',
];
const MORE = [
  'general-practitioner',
  'location',
  'device',
  'part-of',
  'partof',
  'participant',
  'author',
  'member',
];
const ENDS = ['birthdate', 'name', 'identifier', 'status', 'address', 'death-date', '_id'];
const TYPES = ['Observation', 'Task', 'Encounter', 'CarePlan', 'DiagnosticReport', 'Appointment', 'Patient'];

const step = fc.tuple(fc.constantFrom(...REFERENCES, ...MORE), fc.constantFrom('', '', ':Patient', ':Group'));
const chain = fc
  .tuple(fc.array(step, { minLength: 1, maxLength: 4 }), fc.constantFrom(...ENDS))
  .map(([steps, end]) => [...steps.map((each) => each.join('')), end].join('.'));

describe('the types that a chain reaches', () => {
  let definitions: Definitions;
  let planOf: (type: string) => IndexPlan;
  beforeAll(async () => {
    definitions = await loadDefinitions({ profiles: 'profiles' });
    planOf = createIndexPlans(definitions);
  });

  /** Types that the statement of a search looks at beside its own; undefined when there is none. */
  const typesCompiled = (type: string, name: string): ReadonlySet<string> | undefined => {
    const scope = createSearchScope({ definitions, planOf, visibility: EVERYTHING, now: 0 });
    try {
      const statement = compileParameter(scope, { r: 'r', type }, name, '2020');
      return new Set([...statement.matchAll(/\.type = '(\w+)'/g)].map(([, each]) => each as string));
    } catch (error) {
      if (error instanceof SiltaError) return undefined;
      throw error;
    }
  };

  it('are those that its statement looks at, no more and no fewer', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), chain, (type, name) => {
        const compiled = typesCompiled(type, name);
        if (!compiled) return;
        compared++;
        expect(new Set(typesReached({ definitions, planOf }, type, name))).toEqual(compiled);
      }),
      { numRuns: 600 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  it('leave out those from which it does not come to its end', () => {
    const reached = typesReached({ definitions, planOf }, 'Composition', 'subject.subject.birthdate');
    expect(reached).toContain('Observation');
    expect(reached).toContain('Patient');
    // It has a subject, but that is a product.
    expect(reached).not.toContain('MedicinalProductIndication');
  });

  it('are all that it might have meant when it leads nowhere', () => {
    const targets = planOf('Observation').parameters.get('subject')?.definition.targets ?? [];
    expect(targets.length).toBeGreaterThan(2);
    expect(typesReached({ definitions, planOf }, 'Observation', 'subject.shoe')).toEqual(new Set(targets));
  });

  it('are those of chains in reverse, too', () => {
    const name = 'patient._has:Task:patient:owner:Organization.name';
    expect([...typesReached({ definitions, planOf }, 'Observation', name)]).toEqual([
      'Patient',
      'Task',
      'Organization',
    ]);
  });
});
