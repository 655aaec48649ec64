import { describe, expect, it } from '@jest/globals';
import type { FindingKey } from '../../src/conformance/finding.ts';
import type { Resource } from '../../src/resource.ts';
import { conformance, definitions, errorsOf } from './support.ts';

const ROOT = 'https://silta.example/fhir';
const profile = (name: string) => `${ROOT}/StructureDefinition/silta-${name}`;
const HETU = { use: 'official', system: 'urn:oid:1.2.246.21', value: '010170-999R' };
const TURVAKIELTO = 'https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs';
const coding = (system: string, code: string) => ({ system: `${ROOT}/CodeSystem/${system}`, code });

const patient = (content: object): Resource => ({
  resourceType: 'Patient',
  meta: { profile: [profile('patient')] },
  identifier: [HETU],
  ...content,
});
const task = (content: object): Resource => ({
  resourceType: 'Task',
  meta: { profile: [profile('task')] },
  status: 'requested',
  intent: 'order',
  code: { coding: [coding('task-code', 'contact'), coding('ticket-kind', 'urgent')] },
  for: { reference: 'Patient/p1' },
  ...content,
});
const response = (content: object): Resource => ({
  resourceType: 'QuestionnaireResponse',
  meta: { profile: [profile('questionnaireresponse')] },
  questionnaire: `${ROOT}/Questionnaire/x|1.0.0`,
  status: 'completed',
  authored: '2026-01-01T12:00:00Z',
  ...content,
});
const plan = (content: object): Resource => ({
  resourceType: 'CarePlan',
  meta: { profile: [profile('careplan')] },
  status: 'active',
  intent: 'plan',
  subject: { reference: 'Patient/p1' },
  activity: [{ reference: { reference: 'Task/t1' } }],
  ...content,
});

describe('A profile', () => {
  it.each([
    ['an identified Patient', patient({})],
    [
      'another identifier beside the personal identity code',
      patient({ identifier: [{ use: 'secondary', system: 'urn:x', value: '1' }, HETU] }),
    ],
    [
      'a Patient with a non-disclosure label',
      patient({
        meta: { profile: [profile('patient')], security: [{ system: TURVAKIELTO, code: 'TURVAKIELTO' }] },
      }),
    ],
    ['a contact Task', task({})],
    ['a self-care Task', task({ code: { coding: [coding('task-code', 'self-care')] } })],
    ['an answer', response({})],
    ['an answer of nobody', response({ subject: undefined })],
    [
      'a plan with Tasks that are not stored yet',
      plan({ activity: [{ reference: { reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' } }] }),
    ],
  ])('accepts %s', (_what, resource) => {
    expect(conformance.validate(resource)).toEqual([]);
  });

  it.each<[string, Resource, string[]]>([
    [
      'a Patient without the code',
      patient({ identifier: [{ system: 'urn:x', value: '1' }] }),
      ['required element-missing Patient.identifier'],
    ],
    [
      'another identifier that claims to be official',
      patient({ identifier: [{ ...HETU, system: 'urn:x' }] }),
      ['value fixed-value Patient.identifier[0].system'],
    ],
    [
      'two official identifiers',
      patient({ identifier: [HETU, { use: 'official', system: 'urn:x', value: '1' }] }),
      ['structure cardinality Patient.identifier', 'value fixed-value Patient.identifier[1].system'],
    ],
    [
      'a wrong type of the code',
      patient({
        identifier: [
          {
            ...HETU,
            type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
          },
        ],
      }),
      ['value fixed-value Patient.identifier[0].type'],
    ],
    [
      'an unknown label of the non-disclosure system',
      patient({ meta: { profile: [profile('patient')], security: [{ system: TURVAKIELTO, code: 'X' }] } }),
      ['value fixed-value Patient.meta.security[0].code'],
    ],
    ['a Task for nobody', task({ for: undefined }), ['required element-missing Task.for']],
    ['a Task for a group', task({ for: { reference: 'Group/1' } }), ['value reference Task.for']],
    ['a Task without a code', task({ code: undefined }), ['required element-missing Task.code']],
    [
      'a Task with an unknown code',
      task({ code: { coding: [coding('task-code', 'zork')] } }),
      ['code-invalid binding Task.code.coding[0]'],
    ],
    [
      'a kind of ticket on what is no contact',
      task({ code: { coding: [coding('task-code', 'self-care'), coding('ticket-kind', 'urgent')] } }),
      ['invariant silta-task-1 Task'],
    ],
    [
      'a contact without a kind of ticket',
      task({ code: { coding: [coding('task-code', 'contact')] } }),
      ['invariant silta-task-2 Task'],
    ],
    [
      'a ticket without an id',
      task({ identifier: [{ system: `${ROOT}/identifier/ticket` }] }),
      ['required element-missing Task.identifier[0].value'],
    ],
    [
      'an answer to no questionnaire',
      response({ questionnaire: undefined }),
      ['required element-missing QuestionnaireResponse.questionnaire'],
    ],
    [
      'an answer of no time',
      response({ authored: undefined }),
      ['required element-missing QuestionnaireResponse.authored'],
    ],
    [
      'a plan with an activity in itself',
      plan({ activity: [{ detail: { status: 'scheduled' } }] }),
      [
        'required element-missing CarePlan.activity[0].reference',
        'structure cardinality CarePlan.activity[0].detail',
      ],
    ],
  ])('refuses %s, at its place', (_what, resource, expected) => {
    expect(errorsOf(conformance.validate(resource)).sort()).toEqual([...expected].sort());
  });

  it('is only asked for when the resource or the caller names it', () => {
    const bare = { resourceType: 'Task', status: 'requested', intent: 'order' };
    expect(conformance.validate(bare)).toEqual([]);
    expect(errorsOf(conformance.validate(bare, { profiles: [profile('task')] }))).toEqual([
      'required element-missing Task.code',
      'required element-missing Task.for',
    ]);
  });

  it('that is not known is a warning when claimed and an error when asked for', () => {
    const claimed = { ...task({}), meta: { profile: ['http://example.org/unknown'] } };
    expect(conformance.validate(claimed)).toMatchObject([
      { severity: 'warning', key: 'profile-unknown', expression: ['Task.meta.profile[0]'] },
    ]);
    expect(conformance.validate(task({}), { profiles: ['http://example.org/unknown'] })).toMatchObject([
      { severity: 'error', key: 'profile-unknown' },
    ]);
  });

  it('of another type is an error', () => {
    const wrong = { ...task({}), meta: { profile: [profile('patient')] } };
    expect(errorsOf(conformance.validate(wrong))).toEqual(['invalid resource-type Task.meta.profile[0]']);
  });

  it('has a code in the issue code system for every kind of finding', () => {
    const known = definitions.valueSet(`${ROOT}/ValueSet/issue`);
    const keys = {
      'answer-constraint': 1,
      'answer-count': 1,
      'answer-display': 1,
      'answer-limit': 1,
      'answer-missing': 1,
      'answer-not-allowed': 1,
      'answer-option': 1,
      'answer-reference': 1,
      'answer-type': 1,
      'answer-unit': 1,
      attachment: 1,
      binding: 1,
      bundle: 1,
      cardinality: 1,
      choice: 1,
      contained: 1,
      date: 1,
      definition: 1,
      'definition-unknown': 1,
      'element-empty': 1,
      'element-missing': 1,
      'element-type': 1,
      'element-unknown': 1,
      extension: 1,
      'fixed-value': 1,
      'group-empty': 1,
      hetu: 1,
      'item-disabled': 1,
      'item-misplaced': 1,
      'item-order': 1,
      'item-repeats': 1,
      'item-unknown': 1,
      limit: 1,
      narrative: 1,
      primitive: 1,
      profile: 1,
      'profile-unknown': 1,
      'questionnaire-status': 1,
      'read-only': 1,
      reference: 1,
      'resource-type': 1,
      slice: 1,
      text: 1,
    } satisfies Record<FindingKey, 1>;
    expect(Object.keys(keys).filter((key) => !known?.has(key))).toEqual([]);
  });
});
