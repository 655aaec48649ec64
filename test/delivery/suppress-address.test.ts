import { describe, expect, it } from '@jest/globals';
import { suppressAddress } from '../../src/delivery/suppress-address.ts';

const label = {
  system: 'https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs',
  code: 'TURVAKIELTO',
};
const patient = {
  resourceType: 'Patient',
  id: 'b71',
  meta: { security: [label] },
  text: { status: 'generated', div: '<div>Kotkankatu 3</div>' },
  extension: [
    {
      url: 'https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/municipality-code',
      valueCoding: { system: 'urn:oid:1.2.246.537.6.21', code: '285' },
    },
    { url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true },
  ],
  name: [{ family: 'Testinen' }],
  birthDate: '1979-04-11',
  telecom: [{ system: 'phone', value: '0401234567' }],
  address: [{ city: 'Kotka' }],
  _address: [{ id: 'a1' }],
  contact: [{ address: { city: 'Kotka' } }],
  managingOrganization: { reference: 'Organization/kotka' },
};

describe('a protected address', () => {
  it('is taken out with everything that tells where the person is', () => {
    expect(suppressAddress(patient)).toEqual({
      resourceType: 'Patient',
      id: 'b71',
      meta: { security: [label] },
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true },
      ],
      name: [{ family: 'Testinen' }],
      birthDate: '1979-04-11',
    });
  });

  it('leaves the resource it was given as it was', () => {
    const before = structuredClone(patient);
    suppressAddress(patient);
    expect(patient).toEqual(before);
  });

  it.each([
    ['no label', { ...patient, meta: {} }],
    ['another label', { ...patient, meta: { security: [{ ...label, code: 'OTHER' }] } }],
    ['the same code of another system', { ...patient, meta: { security: [{ code: 'TURVAKIELTO' }] } }],
    ['another type of resource', { ...patient, resourceType: 'Organization' }],
  ])('does not concern %s', (_case, resource) => {
    expect(suppressAddress(resource)).toBe(resource);
  });
});
