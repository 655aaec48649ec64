import { describe, expect, it } from '@jest/globals';
import { createConformance } from '../../src/conformance/index.ts';
import { openDefinitions } from '../../src/definitions/index.ts';
import type { Resource } from '../../src/resource.ts';
import { conformance, errorsOf } from './support.ts';

const HL7 = 'http://hl7.org/fhir/StructureDefinition/';
const URL = 'https://profiles.example/';
const open = await openDefinitions({
  profiles: new globalThis.URL('../../profiles', import.meta.url).pathname,
});

const patient = (content: object): Resource => ({ resourceType: 'Patient', ...content });
const observation = (content: object): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'a measurement' },
  ...content,
});
const bundle = (content: object): Resource => ({ resourceType: 'Bundle', type: 'collection', ...content });
const entry = (fullUrl: string, resource: object) => ({ fullUrl, resource });

/** A constraint on a type, with a differential of elements by path or id. */
const profile = (name: string, type: string, ...element: object[]): Resource => ({
  resourceType: 'StructureDefinition',
  url: URL + name,
  name,
  status: 'active',
  kind: type === 'Extension' || type === 'HumanName' ? 'complex-type' : 'resource',
  abstract: false,
  type,
  baseDefinition: HL7 + type,
  derivation: 'constraint',
  differential: { element },
});

/** Errors by a profile, with the other definitions at hand. */
function byProfile(resource: Resource, ...definitions: readonly Resource[]): string[] {
  const judge = createConformance({ definitions: open(definitions) });
  return errorsOf(judge.validate(resource, { profiles: [String(definitions[0]?.['url'])] }));
}

describe('An extension', () => {
  it.each<[string, Resource, string[]]>([
    [
      'that is right',
      patient({ extension: [{ url: `${HL7}patient-birthPlace`, valueAddress: { city: 'Kotka' } }] }),
      [],
    ],
    [
      'with a value of another type',
      patient({ extension: [{ url: `${HL7}patient-birthPlace`, valueString: 'Kotka' }] }),
      ['structure element-type Patient.extension[0].value'],
    ],
    [
      'where it may not stand',
      observation({ extension: [{ url: `${HL7}patient-birthPlace`, valueAddress: { city: 'Kotka' } }] }),
      ['extension extension Observation.extension[0]'],
    ],
    [
      'of a primitive where it may not stand',
      patient({
        _birthDate: { extension: [{ url: `${HL7}patient-birthPlace`, valueAddress: { city: 'Kotka' } }] },
      }),
      ['extension extension Patient.birthDate.extension[0]'],
    ],
    [
      'with a part it does not have',
      patient({
        extension: [{ url: `${HL7}patient-nationality`, extension: [{ url: 'cod', valueCode: 'FI' }] }],
      }),
      ['extension extension Patient.extension[0].extension[0]'],
    ],
    [
      'with a relative URL',
      patient({ extension: [{ url: 'birthPlace', valueString: 'Kotka' }] }),
      ['value extension Patient.extension[0].url'],
    ],
    [
      'that modifies and is not known',
      patient({ modifierExtension: [{ url: 'https://vendor.test/not-really', valueBoolean: true }] }),
      ['extension extension Patient.modifierExtension[0]'],
    ],
    [
      'that does not modify, as a modifier',
      patient({ modifierExtension: [{ url: `${HL7}patient-birthPlace`, valueAddress: { city: 'Kotka' } }] }),
      ['extension extension Patient.modifierExtension[0]'],
    ],
    [
      'that is not known',
      patient({ extension: [{ url: 'https://vendor.test/more', valueBoolean: true }] }),
      [],
    ],
  ])('%s', (_what, resource, expected) => {
    expect(errorsOf(conformance.validate(resource))).toEqual(expected);
  });

  it('that is not known is mentioned, and refused by those who ask for it', () => {
    const resource = patient({ extension: [{ url: 'https://vendor.test/more', valueBoolean: true }] });
    expect(conformance.validate(resource).map(({ severity }) => severity)).toEqual(['information']);
    expect(errorsOf(conformance.validate(resource, { strict: true }))).toEqual([
      'extension extension Patient.extension[0]',
    ]);
  });
});

describe('A modifier extension of an address of examples', () => {
  const resource = {
    resourceType: 'Patient',
    modifierExtension: [{ url: 'http://example.org/not', valueBoolean: true }],
  };

  it('is refused like any other, except where examples are judged', () => {
    expect(errorsOf(conformance.validate(resource))).toEqual([
      'extension extension Patient.modifierExtension[0]',
    ]);
    const [finding] = conformance.validate(resource, { examples: true });
    expect([finding?.severity, finding?.key]).toEqual(['warning', 'extension']);
  });
});

describe('A Bundle', () => {
  const one = { resourceType: 'Patient', id: 'one' };
  const composition = (reference: string) => ({
    resourceType: 'Composition',
    id: 'c',
    status: 'final',
    type: { text: 'summary' },
    date: '2026-01-01',
    author: [{ reference }],
    title: 'Summary',
  });
  const document = (reference: string, ...more: object[]) =>
    bundle({
      type: 'document',
      identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:x:1' },
      timestamp: '2026-01-01T00:00:00Z',
      entry: [entry('https://a.example/Composition/c', composition(reference)), ...more],
    });
  const patientEntry = entry('https://a.example/Patient/one', one);

  it.each<[string, Resource, string[]]>([
    ['of one resource', bundle({ entry: [patientEntry] }), []],
    [
      'with a relative fullUrl',
      bundle({ entry: [entry('Patient/one', one)] }),
      ['value bundle Bundle.entry[0].fullUrl'],
    ],
    [
      'with two links to itself',
      bundle({ link: [0, 1].map(() => ({ relation: 'self', url: 'https://a.example' })) }),
      ['invalid bundle Bundle.link[1]'],
    ],
    ['that is a whole document', document('Patient/one', patientEntry), []],
    ['that is a document by whole addresses', document('https://a.example/Patient/one', patientEntry), []],
    [
      'that is a document without its author',
      document('Patient/two', patientEntry),
      ['not-found bundle Bundle.entry[0].resource.author[0]'],
    ],
  ])('%s', (_what, resource, expected) => {
    expect(errorsOf(conformance.validate(resource))).toEqual(expected);
  });
});

describe('A slice', () => {
  const sliced = (rules: string, discriminator: object, ordered = false) => ({
    path: 'Patient.identifier',
    slicing: { discriminator: [discriminator], rules, ordered },
  });
  const slice = (name: string, more: object = {}) => ({
    id: `Patient.identifier:${name}`,
    path: 'Patient.identifier',
    sliceName: name,
    ...more,
  });
  const part = (name: string, element: string, more: object) => ({
    id: `Patient.identifier:${name}.${element}`,
    path: `Patient.identifier.${element}`,
    ...more,
  });
  const bySystem = { type: 'value', path: 'system' };
  const a = { system: 'urn:a', value: '1' };
  const b = { system: 'urn:b', value: '2' };
  const other = { system: 'urn:c', value: '3' };
  const twoSlices = (rules: string, ordered = false) =>
    profile(
      'two',
      'Patient',
      sliced(rules, bySystem, ordered),
      slice('a', { min: 1, max: '1' }),
      part('a', 'system', { fixedUri: 'urn:a' }),
      slice('b'),
      part('b', 'system', { patternUri: 'urn:b' }),
      part('b', 'value', { min: 1 }),
    );
  const identified = (...identifier: object[]) => patient({ identifier });

  it.each<[string, Resource, Resource, string[]]>([
    ['that is there', identified(a, b, other), twoSlices('open'), []],
    ['that is missing', identified(b), twoSlices('open'), ['required element-missing Patient.identifier']],
    [
      'that is there twice',
      identified(a, a),
      twoSlices('open'),
      ['structure cardinality Patient.identifier'],
    ],
    [
      'without what it needs',
      identified(a, { system: 'urn:b' }),
      twoSlices('open'),
      ['required element-missing Patient.identifier[1].value'],
    ],
    [
      'of a closed list',
      identified(a, other),
      twoSlices('closed'),
      ['structure slice Patient.identifier[1]'],
    ],
    ['of a list that is open at its end', identified(a, b, other), twoSlices('openAtEnd'), []],
    [
      'behind the end of the slices',
      identified(other, a),
      twoSlices('openAtEnd'),
      ['structure slice Patient.identifier[1]'],
    ],
    ['out of order', identified(b, a), twoSlices('open', true), ['structure slice Patient.identifier[1]']],
    [
      'by what exists',
      identified(a, { system: 'urn:x' }),
      profile(
        'exists',
        'Patient',
        sliced('open', { type: 'exists', path: 'value' }),
        slice('with', { max: '0' }),
        part('with', 'value', { min: 1 }),
      ),
      ['structure cardinality Patient.identifier'],
    ],
    [
      'of a slice',
      identified({ ...a, use: 'official' }, { ...a, use: 'official' }),
      profile(
        'resliced',
        'Patient',
        sliced('open', bySystem),
        slice('a', { slicing: { discriminator: [{ type: 'value', path: 'use' }], rules: 'open' } }),
        part('a', 'system', { fixedUri: 'urn:a' }),
        slice('a/official', { max: '1' }),
        part('a/official', 'use', { fixedCode: 'official' }),
      ),
      ['structure cardinality Patient.identifier'],
    ],
  ])('%s', (_what, resource, definition, expected) => {
    expect(byProfile(resource, definition)).toEqual(expected);
  });

  const byResource = (type: string, more: object) =>
    profile(
      'bundle',
      'Bundle',
      { path: 'Bundle.entry', slicing: { discriminator: [{ type, path: 'resource' }], rules: 'open' } },
      { id: 'Bundle.entry:who', path: 'Bundle.entry', sliceName: 'who', min: 1, max: '1' },
      {
        id: 'Bundle.entry:who.resource',
        path: 'Bundle.entry.resource',
        type: [{ code: 'Patient', ...more }],
      },
    );
  const named = entry('urn:uuid:c757873d-ec9a-4326-a141-556f43239520', {
    resourceType: 'Patient',
    name: [{ text: 'A' }],
  });
  const unnamed = entry('urn:uuid:c757873d-ec9a-4326-a141-556f43239521', {
    resourceType: 'Patient',
    active: true,
  });

  it('by the type of a resource', () => {
    expect(byProfile(bundle({ entry: [named] }), byResource('type', {}))).toEqual([]);
    expect(byProfile(bundle({ entry: [named, unnamed] }), byResource('type', {}))).toEqual([
      'structure cardinality Bundle.entry',
    ]);
  });

  it('by the profile of a resource', () => {
    const known = profile('named', 'Patient', { path: 'Patient.name', min: 1 });
    const definition = byResource('profile', { profile: [known['url']] });
    expect(byProfile(bundle({ entry: [named, unnamed] }), definition, known)).toEqual([]);
    expect(byProfile(bundle({ entry: [unnamed] }), definition, known)).toEqual([
      'required element-missing Bundle.entry',
    ]);
  });
});

describe('A profile', () => {
  const quantity = (value: number, code: string) =>
    observation({ valueQuantity: { value, code, system: 'http://unitsofmeasure.org' } });
  const bound = { value: 1, code: 'kg', system: 'http://unitsofmeasure.org' };
  const least = profile('least', 'Observation', {
    path: 'Observation.value[x]',
    type: [{ code: 'Quantity' }],
    minValueQuantity: bound,
  });

  it.each<[string, Resource, readonly Resource[], string[]]>([
    ['sets the least, in whatever unit', quantity(999, 'g'), [least], ['value limit Observation.value']],
    ['accepts what is as much', quantity(1000, 'g'), [least], []],
    [
      'sets the length',
      patient({ gender: 'female', name: [{ family: 'Virtanen' }] }),
      [profile('short', 'Patient', { path: 'Patient.name.family', maxLength: 7 })],
      ['too-long limit Patient.name[0].family'],
    ],
    [
      'of a datatype',
      patient({ name: [{ text: 'Aino' }] }),
      [
        profile('with-name', 'Patient', {
          path: 'Patient.name',
          type: [{ code: 'HumanName', profile: [`${URL}family`] }],
        }),
        profile('family', 'HumanName', { path: 'HumanName.family', min: 1 }),
      ],
      ['required element-missing Patient.name[0].family'],
    ],
    [
      'of what a reference means',
      patient({
        managingOrganization: { reference: '#o' },
        contained: [{ resourceType: 'Organization', id: 'o', name: 'X' }],
      }),
      [
        profile('managed', 'Patient', {
          path: 'Patient.managingOrganization',
          type: [{ code: 'Reference', targetProfile: [`${URL}active`] }],
        }),
        profile('active', 'Organization', { path: 'Organization.active', min: 1 }),
      ],
      ['structure profile Patient.managingOrganization'],
    ],
    [
      'with an invariant of its own',
      patient({ name: [{ text: 'Aino' }] }),
      [
        profile('invariant', 'Patient', {
          path: 'Patient.name',
          constraint: [
            { key: 'x-1', severity: 'error', human: 'A family name.', expression: 'family.exists()' },
          ],
        }),
      ],
      ['invariant x-1 Patient.name[0]'],
    ],
    [
      'that does not fit its base',
      patient({ active: true }),
      [profile('broken', 'Patient', { path: 'Patient.nmae', min: 1 })],
      ['not-found profile-unknown Patient'],
    ],
  ])('%s', (_what, resource, definitions, expected) => {
    expect(byProfile(resource, ...definitions)).toEqual(expected);
  });

  it('bounds a date relative to now, when told what time it is', () => {
    const century = profile('century', 'Patient', {
      path: 'Patient.birthDate',
      minValueQuantity: { value: 100, code: 'a', system: 'http://unitsofmeasure.org' },
    });
    const judge = createConformance({ definitions: open([century]) });
    const of = (birthDate: string) =>
      errorsOf(
        judge.validate(patient({ birthDate }), {
          profiles: [`${URL}century`],
          now: new Date('2026-06-01T00:00:00Z'),
        }),
      );
    expect(of('1920-01-01')).toEqual(['value limit Patient.birthDate']);
    expect(of('1930-01-01')).toEqual([]);
    expect(
      errorsOf(judge.validate(patient({ birthDate: '1920-01-01' }), { profiles: [`${URL}century`] })),
    ).toEqual([]);
  });

  it('of an implementation guide is asked of every resource of its type', () => {
    const needed = profile('needed', 'Patient', { path: 'Patient.active', min: 1 });
    const guide = {
      resourceType: 'ImplementationGuide',
      global: [{ type: 'Patient', profile: needed['url'] }],
    };
    const judge = createConformance({ definitions: open([needed, guide]) });
    expect(errorsOf(judge.validate(patient({ gender: 'male' })))).toEqual([
      'required element-missing Patient.active',
    ]);
  });
});

describe('A resource that defines something', () => {
  it.each<[string, Resource, string[]]>([
    ['fits its base', profile('fits', 'Patient', { id: 'Patient.name', path: 'Patient.name', min: 1 }), []],
    [
      'has an element that its base has not',
      profile('unfit', 'Patient', { id: 'Patient.nmae', path: 'Patient.nmae', min: 1 }),
      ['invalid definition StructureDefinition.differential'],
    ],
    [
      'allows more than its base',
      profile('wide', 'Patient', { id: 'Patient.active', path: 'Patient.active', max: '2' }),
      ['invalid definition StructureDefinition.differential.element[0].max'],
    ],
    [
      'names two elements at once',
      profile('torn', 'Patient', { id: 'Patient.name', path: 'Patient.active', min: 1 }),
      ['invalid definition StructureDefinition.differential.element[0].path'],
    ],
    [
      'is its own base',
      {
        ...profile('own', 'Patient', { id: 'Patient.name', path: 'Patient.name' }),
        baseDefinition: `${URL}own`,
      },
      ['invalid definition StructureDefinition.baseDefinition'],
    ],
  ])('%s', (_what, resource, expected) => {
    expect(errorsOf(conformance.validate(resource))).toEqual(expected);
  });
});

describe('A value', () => {
  it.each<[string, Resource, string[]]>([
    [
      'of an attachment that states another size',
      patient({ photo: [{ contentType: 'image/png', data: 'QUJD', size: 4 }] }),
      ['value attachment Patient.photo[0].size'],
    ],
    [
      'of a URI that is half a UUID',
      patient({ identifier: [{ system: 'urn:uuid:c757873d' }] }),
      ['value primitive Patient.identifier[0].system'],
    ],
    [
      'of an address elsewhere that is no FHIR server’s',
      patient({ managingOrganization: { reference: 'https://vendor.test/unit/7' } }),
      [],
    ],
    [
      'of a reference to no type',
      patient({ managingOrganization: { reference: 'Orgnization/7' } }),
      ['value reference Patient.managingOrganization'],
    ],
  ])('%s', (_what, resource, expected) => {
    expect(errorsOf(conformance.validate(resource))).toEqual(expected);
  });

  it('outside an extensible value set of its own system is a warning, of another system nothing', () => {
    const married = (system: string, code: string) =>
      conformance
        .validate(patient({ maritalStatus: { coding: [{ system, code }] } }))
        .map(({ severity }) => severity);
    expect(married('http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', 'XX')).toEqual(['warning']);
    expect(married('http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', 'M')).toEqual([]);
    expect(married('https://codes.example', 'XX')).toEqual([]);
  });
});
