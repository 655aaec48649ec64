import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';

const ROOT = 'https://silta.example/fhir';

const profile = {
  resourceType: 'StructureDefinition',
  url: `${ROOT}/StructureDefinition/test-patient`,
  version: '2.1.0',
  name: 'TestPatient',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  differential: {
    element: [
      {
        id: 'Patient',
        path: 'Patient',
        constraint: [{ key: 'tp-1', severity: 'error', human: 'Named.', expression: 'name.exists()' }],
      },
      {
        id: 'Patient.identifier',
        path: 'Patient.identifier',
        slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'open' },
        min: 1,
      },
      { id: 'Patient.identifier:hetu', path: 'Patient.identifier', sliceName: 'hetu', min: 1, max: '1' },
      {
        id: 'Patient.identifier:hetu.system',
        path: 'Patient.identifier.system',
        min: 1,
        fixedUri: 'urn:oid:1.2.246.21',
      },
      { id: 'Patient.contact.name.family', path: 'Patient.contact.name.family', min: 1 },
      { id: 'Patient.deceasedBoolean', path: 'Patient.deceasedBoolean', patternBoolean: false },
    ],
  },
};

describe('the R4 definitions', () => {
  let definitions: Definitions;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'silta-profiles-'));
    await writeFile(join(directory, 'patient.json'), JSON.stringify(profile));
    const derived = { ...profile, url: `${profile.url}-derived`, baseDefinition: `${profile.url}|2.1.0` };
    const differential = { element: [{ id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 }] };
    await writeFile(join(directory, 'a-derived.json'), JSON.stringify({ ...derived, differential }));
    const colours = {
      resourceType: 'CodeSystem',
      url: `${ROOT}/CodeSystem/colour`,
      status: 'active',
      content: 'complete',
      valueSet: `${ROOT}/ValueSet/colour`,
      concept: [{ code: 'red', concept: [{ code: 'crimson' }] }, { code: 'blue' }],
    };
    await writeFile(join(directory, 'colour.json'), JSON.stringify(colours));
    const reds = {
      resourceType: 'ValueSet',
      url: `${ROOT}/ValueSet/red`,
      status: 'active',
      compose: {
        include: [
          { system: colours.url, filter: [{ property: 'concept', op: 'is-a', value: 'red' }] },
          { valueSet: ['http://hl7.org/fhir/ValueSet/task-intent'] },
        ],
        exclude: [{ system: 'http://hl7.org/fhir/task-intent', concept: [{ code: 'unknown' }] }],
      },
    };
    await writeFile(join(directory, 'red.json'), JSON.stringify(reds));
    definitions = await loadDefinitions({ profiles: directory });
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('know the elements of a resource with their types, cardinalities and bindings', () => {
    const task = definitions.structure('Task');
    expect(task?.element('Task.status')).toMatchObject({
      min: 1,
      max: 1,
      types: [{ code: 'code' }],
      binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/task-status|4.0.1' },
      modifier: true,
    });
    expect(task?.element('Task.input')?.max).toBe(Number.POSITIVE_INFINITY);
    expect(task?.children('Task.input').map((each) => each.name)).toEqual([
      'id',
      'extension',
      'modifierExtension',
      'type',
      'value[x]',
    ]);
    expect(task?.element('Task.id')?.types).toEqual([{ code: 'id' }]);
    expect(definitions.structure('date')?.regex).toMatch(/\[0-9\]/);
    expect(Object.isFrozen(task?.element('Task.status'))).toBe(true);
  });

  it('know every R4 resource type and nothing that only looks like one', () => {
    expect(definitions.resourceTypes.has('QuestionnaireResponse')).toBe(true);
    expect(definitions.resourceTypes.has('DomainResource')).toBe(false);
    expect(definitions.structure('constructor')).toBeUndefined();
    expect(definitions.searchParameters('__proto__').size).toBe(0);
    expect(definitions.structure('Quantity')?.url).toBe('http://hl7.org/fhir/StructureDefinition/Quantity');
  });

  it('follow a content reference to the element whose children it repeats', () => {
    const item = definitions.structure('Questionnaire')?.element('Questionnaire.item.item');
    expect(item?.contentReference).toBe('Questionnaire.item');
    expect(item?.types).toEqual([]);
  });

  it('confine each search parameter to the type it is asked for', () => {
    const expression = (type: string, code: string) =>
      definitions.searchParameters(type).get(code)?.expression;
    expect(expression('Observation', 'patient')).toBe('Observation.subject.where(resolve() is Patient)');
    expect(expression('Task', '_lastUpdated')).toBe('Task.meta.lastUpdated');
    expect(expression('Observation', 'value-quantity')).toBe(
      '(Observation.value as Quantity) | (Observation.value as SampledData)',
    );
    expect(expression('Patient', 'status')).toBeUndefined();
  });

  it('give the patient compartment of each type, and one to every type that names its patient', () => {
    expect(definitions.patientCompartment('QuestionnaireResponse')).toEqual(['subject', 'author']);
    expect(definitions.patientCompartment('Device')).toEqual(['patient']);
    expect(definitions.patientCompartment('Questionnaire')).toEqual([]);
  });

  it('enumerate value sets whose codes are known here, and say so when they are not', () => {
    const status = definitions.valueSet('http://hl7.org/fhir/ValueSet/task-status|4.0.1');
    expect(status?.has('requested')).toBe(true);
    expect(status?.has('requested', 'http://hl7.org/fhir/task-status')).toBe(true);
    expect(status?.has('requested', 'http://hl7.org/fhir/request-status')).toBe(false);
    expect(status?.has('toString')).toBe(false);
    for (const open of ['mimetypes', 'ucum-units', 'clinical-findings', 'report-codes', 'all-languages']) {
      expect(definitions.valueSet(`http://hl7.org/fhir/ValueSet/${open}`)).toBeUndefined();
    }
  });

  it('enumerate own value sets by hierarchy, inclusion and exclusion', () => {
    const red = definitions.valueSet(`${ROOT}/ValueSet/red`);
    expect(['red', 'crimson', 'blue'].map((code) => red?.has(code))).toEqual([true, true, false]);
    expect([red?.has('proposal'), red?.has('unknown')]).toEqual([true, false]);
    expect(definitions.valueSet(`${ROOT}/ValueSet/colour`)?.has('blue')).toBe(true);
  });

  it('apply a differential over the base, with slices and elements inside data types', () => {
    const patient = definitions.structure(`${profile.url}|2.1.0`);
    expect(patient?.element('Patient')?.constraints.map((each) => each.key)).toContain('tp-1');
    expect(patient?.element('Patient.identifier')).toMatchObject({
      min: 1,
      max: Number.POSITIVE_INFINITY,
      slicing: { discriminators: [{ type: 'value', path: 'system' }], rules: 'open' },
    });
    const [hetu] = patient?.slices('Patient.identifier') ?? [];
    expect(hetu).toMatchObject({ sliceName: 'hetu', min: 1, max: 1, types: [{ code: 'Identifier' }] });
    expect(hetu?.slicing).toBeUndefined();
    expect(patient?.element('Patient.identifier:hetu.system')).toMatchObject({
      min: 1,
      fixed: 'urn:oid:1.2.246.21',
      types: [{ code: 'uri' }],
    });
    expect(patient?.children('Patient.identifier:hetu').map((each) => each.name)).toContain('assigner');
    expect(patient?.children('Patient').filter((each) => each.name === 'identifier')).toHaveLength(1);
    expect(patient?.element('Patient.contact.name.family')?.min).toBe(1);
    expect(patient?.element('Patient.deceased[x]:deceasedBoolean')).toMatchObject({
      types: [{ code: 'boolean' }],
      pattern: false,
    });
    expect(definitions.structure('Patient')?.element('Patient.identifier')?.min).toBe(0);
  });

  it('build a profile on another profile whatever the order of the files', () => {
    const derived = definitions.structure(`${profile.url}-derived`);
    expect(derived?.element('Patient.birthDate')?.min).toBe(1);
    expect(derived?.element('Patient.identifier:hetu.system')?.fixed).toBe('urn:oid:1.2.246.21');
  });

  it('hand out what else lies in the directory as content', () => {
    expect(definitions.content.map((each) => each.resourceType).sort()).toEqual([
      'CodeSystem',
      'StructureDefinition',
      'StructureDefinition',
      'ValueSet',
    ]);
  });

  it.each([
    ['{"resourceType": "Patient",', /broken\.json: not JSON/],
    ['{"hello": 1}', /broken\.json: not a FHIR resource/],
    [
      JSON.stringify({ ...profile, baseDefinition: 'https://nowhere.example' }),
      /broken\.json: The base https:/,
    ],
    [
      JSON.stringify({ ...profile, differential: { element: [{ path: 'Patient.shoeSize', min: 1 }] } }),
      /broken\.json: The element Patient\.shoeSize is not in the base/,
    ],
    [JSON.stringify({ ...profile, baseDefinition: profile.url }), /broken\.json: A profile is its own base/],
  ])('refuse a broken file by its name: %#', async (text, message) => {
    const bad = await mkdtemp(join(tmpdir(), 'silta-profiles-'));
    await writeFile(join(bad, 'broken.json'), text);
    await expect(loadDefinitions({ profiles: bad })).rejects.toThrow(message);
    await rm(bad, { recursive: true });
  });
});
