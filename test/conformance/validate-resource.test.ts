import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/resource.ts';
import { conformance, definitions, errorsOf } from './support.ts';

const PATIENT: Resource = {
  resourceType: 'Patient',
  id: 'p1',
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Aino</p></div>' },
  identifier: [{ use: 'official', system: 'urn:oid:1.2.246.21', value: '010170-999R' }],
  name: [{ family: 'Virtanen', given: ['Aino', 'Maria'], _given: [null, { id: 'g2' }] }],
  birthDate: '1970-01-01',
  _birthDate: {
    extension: [
      { url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime', valueDateTime: '1970-01-01' },
    ],
  },
  deceasedBoolean: false,
  managingOrganization: { reference: '#o' },
  contained: [{ resourceType: 'Organization', id: 'o', name: 'Kymenlaakso' }],
};

const TASK: Resource = {
  resourceType: 'Task',
  status: 'requested',
  intent: 'order',
  for: { reference: 'Patient/p1' },
  input: [{ type: { text: 'form' }, valueCanonical: 'https://silta.example/fhir/Questionnaire/x' }],
};

describe('A resource by base R4', () => {
  it('is accepted when it is right, and is left as it was', () => {
    const before = structuredClone(PATIENT);
    expect(conformance.validate(PATIENT)).toEqual([]);
    expect(conformance.validate(TASK)).toEqual([]);
    expect(PATIENT).toEqual(before);
  });

  it.each<[string, Resource, string[]]>([
    ['an unknown element', { ...PATIENT, nmae: 'x' }, ['structure element-unknown Patient.nmae']],
    ['a string for a boolean', { ...PATIENT, active: 'true' }, ['value primitive Patient.active']],
    ['an object for a string', { ...PATIENT, language: {} }, ['structure primitive Patient.language']],
    ['a day that does not exist', { ...PATIENT, birthDate: '2023-02-29' }, ['value date Patient.birthDate']],
    ['a time without a zone', { ...TASK, authoredOn: '2026-01-01T10:00:00' }, ['value date Task.authoredOn']],
    [
      'a code outside a required binding',
      { ...PATIENT, gender: 'mies' },
      ['code-invalid binding Patient.gender'],
    ],
    ['a single value for a list', { ...PATIENT, name: {} }, ['structure element-type Patient.name']],
    ['a list for a single value', { ...PATIENT, active: [true] }, ['structure element-type Patient.active']],
    ['null', { ...PATIENT, active: null }, ['structure element-type Patient.active']],
    ['null in a list', { ...PATIENT, telecom: [null] }, ['structure element-type Patient.telecom[0]']],
    ['an empty list', { ...PATIENT, photo: [] }, ['invalid element-empty Patient.photo']],
    ['an empty object', { ...PATIENT, maritalStatus: {} }, ['invariant ele-1 Patient.maritalStatus']],
    ['an empty string', { ...TASK, description: '' }, ['value primitive Task.description']],
    ['a missing required element', { ...TASK, status: undefined }, ['required element-missing Task.status']],
    [
      'a missing required element further in',
      { ...PATIENT, communication: [{ preferred: true }] },
      ['required element-missing Patient.communication[0].language'],
    ],
    ['two of a choice', { ...PATIENT, deceasedDateTime: '2020' }, ['structure choice Patient.deceased']],
    [
      'a type that a choice does not have',
      { ...PATIENT, multipleBirthString: 'x' },
      ['structure element-unknown Patient.multipleBirthString'],
    ],
    [
      'a choice value of the wrong form',
      { ...TASK, input: [{ type: { text: 'x' }, valueInteger: 1.5 }] },
      ['value primitive Task.input[0].value'],
    ],
    [
      'a reference to a type that is not allowed',
      { ...PATIENT, generalPractitioner: [{ reference: 'Patient/2' }] },
      ['value reference Patient.generalPractitioner[0]'],
    ],
    [
      'a reference to no resource type',
      { ...TASK, focus: { reference: 'Taks/1' } },
      ['value reference Task.focus'],
    ],
    ['a local reference to nothing', { ...TASK, focus: { reference: '#x' } }, ['invariant ref-1 Task.focus']],
    [
      'a contained resource that nothing refers to',
      { ...PATIENT, managingOrganization: undefined },
      ['invariant dom-3 Patient.contained[0]'],
    ],
    [
      'an error in a contained resource',
      { ...PATIENT, contained: [{ resourceType: 'Organization', id: 'o', active: 1 }] },
      ['invariant org-1 Patient.contained[0]', 'value primitive Patient.contained[0].active'],
    ],
    [
      'an invariant that does not hold',
      { ...PATIENT, contact: [{ gender: 'female' }] },
      ['invariant pat-1 Patient.contact[0]'],
    ],
    [
      'a period that ends before it starts',
      { ...TASK, executionPeriod: { start: '2026-02-01', end: '2026-01-01' } },
      ['invariant per-1 Task.executionPeriod'],
    ],
    [
      'an extension with neither value nor extensions',
      { ...PATIENT, extension: [{ url: 'http://x' }] },
      ['invariant ext-1 Patient.extension[0]'],
    ],
    [
      'an error in the extension of a primitive',
      { ...PATIENT, _active: { extension: [{ valueString: 'x' }] } },
      ['required element-missing Patient.active.extension[0].url'],
    ],
    ['an id with strange letters', { ...PATIENT, id: 'a/b' }, ['value primitive Patient.id']],
    [
      'a script in the narrative',
      {
        ...TASK,
        text: {
          status: 'generated',
          div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>',
        },
      },
      ['invariant narrative Task.text.div'],
    ],
    [
      'an event handler in the narrative',
      {
        ...TASK,
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml" onclick="x"></div>' },
      },
      ['invariant narrative Task.text.div'],
    ],
    [
      'content that other elements repeat',
      {
        resourceType: 'Questionnaire',
        status: 'active',
        item: [{ linkId: 'a', type: 'group', item: [{ type: 'display' }] }],
      },
      ['required element-missing Questionnaire.item[0].item[0].linkId'],
    ],
    ['a resource type that does not exist', { resourceType: 'Patiant' }, ['structure resource-type Patiant']],
    ['U+0000', { ...TASK, description: 'a\u0000b' }, ['value primitive Task.description']],
    [
      'a number too large for an integer',
      { ...TASK, restriction: { repetitions: 2 ** 31 } },
      ['value primitive Task.restriction.repetitions'],
    ],
    [
      'a member called __proto__',
      JSON.parse('{"resourceType":"Basic","code":{"text":"x"},"__proto__":{"a":1}}'),
      ['structure element-unknown Basic.__proto__'],
    ],
  ])('is refused for %s, at its place', (_what, resource, expected) => {
    expect(errorsOf(conformance.validate(resource)).sort()).toEqual([...expected].sort());
  });

  it('suggests the name that was meant', () => {
    const [issue] = conformance.validate({ ...PATIENT, brithDate: '1970-01-01' });
    expect(issue?.diagnostics).toContain("Did you mean 'birthDate'?");
  });

  it('refuses a personal identity code with a wrong control character without repeating it', () => {
    const issues = conformance.validate({
      ...PATIENT,
      identifier: [
        { system: 'urn:x', value: '1' },
        { system: 'urn:oid:1.2.246.21', value: '010170-999S' }, // wrong control character
      ],
    });
    expect(errorsOf(issues)).toEqual(['value hetu Patient.identifier[1].value']);
    expect(JSON.stringify(issues)).not.toContain('010170');
  });

  it('never repeats what looks like a personal identity code, also as a name', () => {
    const issues = conformance.validate({
      ...PATIENT,
      '010170-999R': 1,
      meta: { profile: ['urn:x:010170-999R'] },
    });
    expect(errorsOf(issues)).toEqual(['structure element-unknown Patient']);
    expect(JSON.stringify(issues)).not.toContain('010170');
  });

  it('judges each resource of a Bundle on its own', () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520', resource: { ...TASK, intent: 'x' } },
        { resource: PATIENT },
      ],
    };
    expect(errorsOf(conformance.validate(bundle))).toEqual([
      'code-invalid binding Bundle.entry[0].resource.intent',
    ]);
  });

  it('finds nothing wrong in what the gateway ships', () => {
    for (const resource of definitions.content) {
      expect({ id: resource.id, errors: errorsOf(conformance.validate(resource)) }).toEqual({
        id: resource.id,
        errors: [],
      });
    }
  });

  it('answers any JSON with findings, never with an exception', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(PATIENT), 'contact', 'meta', 'x'), fc.jsonValue()),
        (content) => {
          const resource = { ...content, resourceType: 'Patient' } as Resource;
          for (const issue of conformance.validate(resource)) {
            expect(issue.expression?.[0]).toMatch(/^Patient/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
