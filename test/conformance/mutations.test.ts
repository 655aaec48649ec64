import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/resource.ts';
import { conformance, definitions, errorsOf } from './support.ts';

type Json = Record<string, unknown>;

/** Values of simple types; elements of others are filled in by hand where a type needs them. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  boolean: fc.boolean(),
  string: fc.stringMatching(/^[a-zåäö][a-zåäö ]{0,20}$/),
  markdown: fc.stringMatching(/^[a-z*_]{1,20}$/),
  uri: fc.webUrl(),
  canonical: fc.uuid().map((id) => `https://vendor.test/thing/${id}`),
  dateTime: fc.integer({ min: 2000, max: 2050 }).map((year) => `${year}-02-28T12:00:00+02:00`),
  date: fc.integer({ min: 1900, max: 2025 }).map((year) => `${year}-12-31`),
  Identifier: fc.uuid().map((id) => ({ system: 'https://vendor.test/ids', value: id })),
  CodeableConcept: fc.stringMatching(/^[a-z]{1,10}$/).map((text) => ({ text })),
  Annotation: fc.stringMatching(/^[a-z]{1,10}$/).map((text) => ({ text })),
  Period: fc.constant({ start: '2026-01-01', end: '2026-02-01' }),
  HumanName: fc.stringMatching(/^[a-zåäö]{1,10}$/).map((family) => ({ family })),
};

/** Child elements of a type that VALUES can fill, and codes of required bindings. */
function fillable(type: string) {
  const structure = definitions.structure(type);
  return (structure?.children(type) ?? []).flatMap((element) => {
    const [only, ...others] = element.types;
    if (!only || others.length > 0 || element.name === 'implicitRules' || element.name === 'language')
      return [];
    const codes =
      element.binding?.strength === 'required' ? definitions.valueSet(element.binding.valueSet) : undefined;
    const known = codes?.list?.().map(({ code }) => code) ?? [];
    const value =
      only.code === 'code' ? (known.length > 0 ? fc.constantFrom(...known) : undefined) : VALUES[only.code];
    return value
      ? [
          {
            element,
            type: only.code,
            value: element.max > 1 ? fc.array(value, { minLength: 1, maxLength: 3 }) : value,
          },
        ]
      : [];
  });
}

/** A valid resource: what it needs, and some of what it may have. */
function resourceOf(type: string, needs: Json): fc.Arbitrary<Resource> {
  const optional = Object.fromEntries(
    fillable(type)
      .filter(
        ({ element }) => !(element.name in needs) && element.name !== 'id' && !OWN_RULES.has(element.path),
      )
      .map(({ element, value }) => [element.name, value]),
  );
  return fc.record(optional, { requiredKeys: [] }).map((some) => ({ resourceType: type, ...needs, ...some }));
}

/** Elements that invariants tie to others. */
const OWN_RULES: ReadonlySet<string> = new Set(['Task.lastModified', 'Task.authoredOn', 'Patient.deceased']);

const CASES: readonly (readonly [string, Json])[] = [
  ['Task', { status: 'requested', intent: 'order' }],
  ['Patient', {}],
  ['CarePlan', { status: 'active', intent: 'plan', subject: { reference: 'Patient/1' } }],
  ['Questionnaire', { status: 'active', url: 'https://vendor.test/q', name: 'Q' }],
];

const refusalsOf = (resource: Json) => errorsOf(conformance.validate(resource as unknown as Resource));
const RUNS = { numRuns: 60 };

describe.each(CASES)('A generated %s', (type, needs) => {
  const anyResource = resourceOf(type, needs);
  /** Every generated resource with one fault is refused at `expression`, with this key. */
  const everyIsRefused = (fault: Json, finding: string) =>
    fc.assert(
      fc.property(anyResource, (resource) => {
        expect(refusalsOf({ ...resource, ...fault })).toContainEqual(finding);
      }),
      { numRuns: 15 },
    );
  const elements = fillable(type);

  it('is valid', () => {
    expect(elements.length).toBeGreaterThan(5);
    fc.assert(
      fc.property(anyResource, (resource) => {
        expect(refusalsOf(resource)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('is refused without what it needs', () => {
    const all = Object.keys(needs).filter(
      (name) => (definitions.structure(type)?.element(`${type}.${name}`)?.min ?? 0) > 0,
    );
    for (const name of all) everyIsRefused({ [name]: undefined }, `required element-missing ${type}.${name}`);
    expect(all.length).toBe(
      definitions
        .structure(type)
        ?.children(type)
        .filter(({ min }) => min > 0).length,
    );
  });

  it('is refused with an element that nobody knows', () => {
    everyIsRefused({ zzUnknown: 1 }, `structure element-unknown ${type}.zzUnknown`);
  });

  it('is refused with a code outside of a required binding', () => {
    const coded = elements.filter(({ type: code, element }) => code === 'code' && element.max === 1);
    expect(coded.length).toBeGreaterThan(0);
    for (const { element } of coded)
      everyIsRefused({ [element.name]: 'zz-none' }, `code-invalid binding ${element.path}`);
  });

  it('is refused with a value of the wrong kind, a list for one, or one for a list', () => {
    for (const { element, type: code } of elements) {
      if (element.max > 1) {
        everyIsRefused({ [element.name]: {} }, `structure element-type ${element.path}`);
        everyIsRefused({ [element.name]: [] }, `invalid element-empty ${element.path}`);
      } else {
        everyIsRefused({ [element.name]: ['a', 'b'] }, `structure element-type ${element.path}`);
        const key = code.startsWith('date') ? 'date' : 'primitive';
        if (/^[a-z]/.test(code)) everyIsRefused({ [element.name]: 17 }, `value ${key} ${element.path}`);
      }
    }
  });
});

describe('A generated answer', () => {
  const linkId = fc.stringMatching(/^[a-z]{1,8}$/);
  const form = fc
    .uniqueArray(linkId, { minLength: 1, maxLength: 6 })
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) =>
          fc
            .constantFrom('integer', 'boolean', 'string')
            .map((type) => ({ linkId: id, type, required: true })),
        ),
      ),
    );
  const ANSWERS: Readonly<Record<string, Json>> = {
    integer: { valueInteger: 4 },
    boolean: { valueBoolean: true },
    string: { valueString: 'x' },
  };
  const judge = (items: readonly Json[], answers: readonly Json[]) =>
    errorsOf(
      conformance.validateResponse(
        {
          resourceType: 'QuestionnaireResponse',
          status: 'completed',
          questionnaire: 'https://vendor.test/q',
          item: answers,
        },
        { resourceType: 'Questionnaire', url: 'https://vendor.test/q', status: 'active', item: items },
      ),
    );
  const filled = (items: readonly { linkId: string; type: string }[]) =>
    items.map(({ linkId: id, type }) => ({ linkId: id, answer: [ANSWERS[type] as Json] }));
  const first = 'QuestionnaireResponse.item[0]';

  it('is valid, and refused with each fault at its place', () => {
    fc.assert(
      fc.property(form, (items) => {
        const answers = filled(items);
        const [one, ...others] = answers;
        const type = items[0]?.type;
        const wrong = type === 'string' ? { valueInteger: 1 } : { valueString: 'x' };
        const value = ANSWERS[String(type)] as Json;
        expect(judge(items, answers)).toEqual([]);
        expect(judge(items, others)).toEqual(['required answer-missing QuestionnaireResponse']);
        expect(judge(items, [{ ...one, linkId: 'ZZ' }, ...others])).toContainEqual(
          expect.stringMatching(/ item-unknown QuestionnaireResponse\.item\[0\]/),
        );
        expect(judge(items, [{ ...one, answer: [wrong] }, ...others]).join()).toContain(
          ` answer-type ${first}.answer[0]`,
        );
        expect(judge(items, [{ ...one, answer: [value, value] }, ...others]).join()).toContain(
          ` answer-count ${first}`,
        );
      }),
      RUNS,
    );
  });
});
