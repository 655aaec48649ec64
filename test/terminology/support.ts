import type { CodeSystem, ValueSet } from 'fhir/r4';
import { loadDefinitions } from '../../src/definitions/index.ts';
import {
  type CodeSystemView,
  createBuiltIn,
  openCodeSystem,
  type TerminologySource,
} from '../../src/terminology/index.ts';

export const builtIn = createBuiltIn(await loadDefinitions({ profiles: 'profiles' }));

export const ANIMALS = 'https://terms.example/CodeSystem/animals';

/** A hierarchy with what the filters ask for: properties, an abstract, an inactive, a second parent, three languages. */
export const animals: CodeSystem = {
  resourceType: 'CodeSystem',
  url: ANIMALS,
  version: '3',
  name: 'Animals',
  status: 'active',
  content: 'complete',
  caseSensitive: false,
  language: 'en',
  property: [{ code: 'legs', type: 'integer', description: 'How many legs' }],
  concept: [
    {
      code: 'mammal',
      display: 'Mammal',
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [
        {
          code: 'dog',
          display: 'Dog',
          definition: 'Barks',
          designation: [
            { language: 'fi', value: 'Koira' },
            { language: 'sv-FI', value: 'Hund' },
          ],
          property: [{ code: 'legs', valueInteger: 4 }],
          concept: [{ code: 'poodle', display: 'Poodle' }],
        },
        { code: 'whale', display: 'Whale', property: [{ code: 'legs', valueInteger: 0 }] },
      ],
    },
    { code: 'pet', display: 'Pet' },
    {
      code: 'goldfish',
      display: 'Goldfish',
      property: [
        { code: 'parent', valueCode: 'pet' },
        { code: 'status', valueCode: 'retired' },
      ],
    },
  ],
};

const view = openCodeSystem(animals) as CodeSystemView;

/** The animals and some value sets, over what is built in. */
export function sourceOf(...valueSets: readonly ValueSet[]): TerminologySource {
  return {
    codeSystem: (url, version) => (url === ANIMALS ? view : builtIn.codeSystem(url, version)),
    valueSet: (canonical) => valueSets.find(({ url }) => url === canonical) ?? builtIn.valueSet(canonical),
  };
}

export function valueSetOf(
  compose: ValueSet['compose'],
  url = 'https://terms.example/ValueSet/some',
): ValueSet {
  return { resourceType: 'ValueSet', url, status: 'active', ...(compose && { compose }) };
}
