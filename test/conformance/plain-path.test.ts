import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import fhirpath, { type Model } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import { UNDECIDED } from '../../src/conformance/path/collection.ts';
import { compilePlain } from '../../src/conformance/path/parse-path.ts';
import type { Run } from '../../src/conformance/structure/run.ts';
import type { Structure } from '../../src/definitions/index.ts';
import { definitions } from './support.ts';

const SUBJECTS = [
  ...[
    'Task',
    'Questionnaire',
    'Timing',
    'Patient',
    'Consent',
    'Appointment',
    'ValueSet',
    'Observation',
    'Bundle',
  ],
  'https://silta.example/fhir/StructureDefinition/silta-task',
];

interface Invariant {
  readonly structure: Structure;
  readonly base: string;
  readonly expression: string;
}

/** Every invariant of these types, once each; those of all elements are judged without FHIRPath anyway. */
const INVARIANTS: readonly Invariant[] = [
  ...new Map(
    SUBJECTS.flatMap((type): Invariant[] => {
      const structure = definitions.structure(type);
      return (structure?.elements ?? []).flatMap(({ path, constraints }) =>
        constraints.flatMap(({ key, expression }) =>
          structure && !/^(?:ele|ext)-1$/.test(key) ? [{ structure, base: path, expression }] : [],
        ),
      );
    }).map((each) => [each.expression, each] as const),
  ).values(),
];

const texts = fc.constantFrom(
  ...[
    'group',
    'display',
    'choice',
    'boolean',
    'noshow',
    'exists',
    'history',
    'A name',
    'Name_1',
    'contact',
    'active',
  ],
  ...['https://silta.example/fhir/CodeSystem/task-code', 'https://silta.example/fhir/CodeSystem/ticket-kind'],
);

function primitive(type: string): fc.Arbitrary<unknown> | undefined {
  if (type === 'boolean') return fc.boolean();
  if (/^(?:integer|decimal|positiveInt|unsignedInt)$/.test(type)) return fc.integer({ min: -1, max: 3 });
  return /^(?:code|string|uri|canonical|id|markdown)$/.test(type) ? texts : undefined;
}

/** Content of an element as its definition has it: some of the elements that an expression mentions. */
function contentOf(
  structure: Structure,
  path: string,
  mentioned: ReadonlySet<string>,
  depth: number,
): fc.Arbitrary<Record<string, unknown>> {
  const members = structure.children(path).flatMap((element) => {
    const stem = element.name.replace('[x]', '');
    if (!mentioned.has(stem)) return [];
    return element.types.slice(0, 3).flatMap(({ code }) => {
      const value =
        primitive(code) ?? (depth > 0 ? complex(structure, element.path, code, mentioned, depth) : undefined);
      if (!value) return [];
      const name = stem === element.name ? stem : stem + code.charAt(0).toUpperCase() + code.slice(1);
      const values = element.max > 1 ? fc.array(value, { minLength: 1, maxLength: 3 }) : value;
      return [[name, fc.option(values, { nil: undefined })] as const];
    });
  });
  return fc
    .record(Object.fromEntries(members))
    .map((object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)));
}

function complex(
  structure: Structure,
  path: string,
  type: string,
  mentioned: ReadonlySet<string>,
  depth: number,
): fc.Arbitrary<unknown> | undefined {
  if (structure.children(path).length > 0) return contentOf(structure, path, mentioned, depth - 1);
  const inner = definitions.structure(type);
  return inner && inner.kind !== 'primitive-type'
    ? contentOf(inner, inner.type, mentioned, depth - 1)
    : undefined;
}

function mentionedIn(expression: string): ReadonlySet<string> {
  return new Set(expression.replace(/'[^']*'/g, '').match(/\b[a-z]\w*\b/g));
}

function byEngine(expression: string, base: string, object: object): unknown {
  try {
    const options = { async: false, traceFn: () => undefined } as const;
    const compiled = fhirpath.compile({ base, expression }, r4 as Model, options);
    return compiled(object, { resource: object, rootResource: object });
  } catch {
    return 'refused';
  }
}

function byCode(expression: string, object: object): unknown {
  const run = { resource: object, rootResource: object } as unknown as Run;
  try {
    return compilePlain(expression)?.([object], run);
  } catch (error) {
    return error;
  }
}

describe('Plain code for FHIRPath', () => {
  const plain = INVARIANTS.filter(({ expression }) => compilePlain(expression) !== undefined);

  it('takes on most invariants', () => {
    expect(plain.length / INVARIANTS.length).toBeGreaterThan(0.6);
  });

  it('says what the complete engine says, or leaves it to that', () => {
    const cases = fc.constantFrom(...plain).chain((invariant) =>
      contentOf(invariant.structure, invariant.base, mentionedIn(invariant.expression), 3).map((object) => ({
        expression: invariant.expression,
        base: invariant.base,
        object,
      })),
    );
    let decided = 0;
    fc.assert(
      fc.property(cases, ({ expression, base, object }) => {
        const ours = byCode(expression, object);
        const theirs = byEngine(expression, base, object);
        // The engine refuses what cannot be content of the type; on that there is nothing to agree.
        if (ours === UNDECIDED || theirs === 'refused') return;
        decided++;
        expect({ expression, object, result: ours }).toEqual({ expression, object, result: theirs });
      }),
      { numRuns: 2000 },
    );
    expect(decided).toBeGreaterThan(1000);
  });

  it.each([
    ["a = 'x' and b.exists()", [true]],
    ["a = 'y' implies c", [true]],
    ['(a | b).count() = 2', [true]],
    ["a in ('x' | 'y')", [true]],
    ['c.empty() xor b.hasValue()', [false]],
    ['b > 2', [true]],
    ['missing = 1', []],
    ["list.where(k = 'v').v.first()", [7]],
    ["list.all(k.startsWith('v'))", [true]],
    ['list.k.isDistinct()', [true]],
  ])('computes %s', (expression, expected) => {
    const object = { a: 'x', b: 3, list: [{ k: 'v', v: 7 }, { k: 'vw' }] };
    expect(byCode(expression, object)).toEqual(expected);
  });

  it.each(['a.descendants()', 'a is Boolean', 'a + b', 'Patient.name', '%ucum', 'a.', "a = 'x", 'a ? b'])(
    'leaves %s to the complete engine',
    (expression) => {
      expect(compilePlain(expression)).toBeUndefined();
    },
  );
});
