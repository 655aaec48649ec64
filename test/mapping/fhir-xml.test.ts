import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseExactly, restoreNumbers, stringifyExactly } from '../../src/exact-json.ts';
import { createFhirXml } from '../../src/mapping/index.ts';
import { definitions } from './map-fixture.ts';
import { anyResource } from './resource-arbitrary.ts';

const xml = createFhirXml(definitions);
const FHIR = 'xmlns="http://hl7.org/fhir"';

/** Members sorted by name, numbers as they are written: equal for equal JSON. */
function canonical(json: string): string {
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sort);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => [key, sort(member)]),
    );
  };
  const quoted = json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `"#${token}"`,
  );
  return JSON.stringify(sort(JSON.parse(quoted)));
}

const faultsOf = (text: string) => {
  const { faults } = xml.read(text, 30);
  return faults.map(
    ({ line, column, message, expression = '' }) => `${line}:${column} ${expression}: ${message}`,
  );
};

describe('resources in XML and JSON', () => {
  it('are the same, whatever elements a resource has: JSON → XML → JSON, and XML → JSON → XML', () => {
    const types = [...definitions.resourceTypes].sort();
    fc.assert(
      fc.property(
        fc.constantFrom(...types).chain((type) => anyResource(definitions, type)),
        fc.constantFrom('lines' as const, 'as it is' as const),
        (resource, layout) => {
          restoreNumbers(resource);
          const json = stringifyExactly(resource);
          const text = xml.write(resource, layout);
          const read = xml.read(text, 100);
          expect(read.faults).toEqual([]);
          expect(canonical(stringifyExactly(read.resource))).toBe(canonical(json));
          expect(xml.write(read.resource, layout)).toBe(text);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('keep narrative to the letter', () => {
    const div = `<div  xmlns='http://www.w3.org/1999/xhtml'  class="a"><p>a &#8364;<br></br>\r\n<!-- b --></p></div>`;
    const resource = { resourceType: 'Basic', text: { status: 'generated', div } };
    const text = xml.write(resource, 'lines');
    expect(text).toContain(div);
    expect(xml.read(text, 30).resource).toEqual(resource);
  });

  it('make narrative whole whose namespace was declared outside of it', () => {
    const text = `<Basic ${FHIR} xmlns:h="http://www.w3.org/1999/xhtml"><text><status value="generated"/><h:div><h:b>x</h:b></h:div></text></Basic>`;
    expect(xml.read(text, 30).resource).toMatchObject({
      text: { div: '<div xmlns="http://www.w3.org/1999/xhtml"><b>x</b></div>' },
    });
  });

  it('keep the digits of decimals, also of those no double holds', () => {
    const json =
      '{"resourceType":"Observation","valueQuantity":{"value":1.00},"component":[{"valueQuantity":{"value":0.100000000000000000000001}},{"valueQuantity":{"value":1e2}}]}';
    const text = xml.write(parseExactly(json) as object, 'as it is');
    expect(text).toContain('<value value="1.00"/>');
    expect(stringifyExactly(xml.read(text, 30).resource)).toBe(json);
  });
});

describe('XML that is no resource', () => {
  it('is told with every fault, its place and the element', () => {
    const text = `<Patient ${FHIR}>
  <active value="yes"/>
  <nonsense/>
  <name hidden="1">
    <given value="A"/>
    <family value="B"/>text
  </name>
  <contact><relation/></contact>
  <multipleBirthInteger value="1.5"/>
  <gender value="male"/>
</Patient>`;
    expect(faultsOf(text)).toEqual([
      '2:3 Patient.active: this is not a valid boolean',
      "3:3 Patient: 'Patient' has no element 'nonsense'",
      "4:3 Patient.name[0]: 'name' has no attribute 'hidden'",
      "4:3 Patient.name[0]: there must be no text in 'name'",
      "6:5 Patient.name[0].family: 'family' must stand before 'given'",
      "8:12 Patient.contact[0]: 'contact' has no element 'relation'",
      "9:3 Patient.multipleBirth: 'multipleBirthInteger' must stand before 'contact'",
      "10:3 Patient.gender: 'gender' must stand before 'contact'",
    ]);
  });

  it.each([
    [
      `<Patient ${FHIR}><multipleBirthInteger value="1.5"/></Patient>`,
      '1:38 Patient.multipleBirth: this is not a valid integer',
    ],
    ['<Patient/>', "1:1 : 'Patient' must be in the namespace http://hl7.org/fhir"],
    ['<Patient xmlns="urn:hl7-org:v3"/>', "1:1 : 'Patient' must be in the namespace http://hl7.org/fhir"],
    [`<Patent ${FHIR}/>`, "1:1 : 'Patent' is not a resource"],
    [`<Resource ${FHIR}/>`, "1:1 : 'Resource' is not a resource"],
    [
      `<Patient ${FHIR}><contained/></Patient>`,
      "1:38 Patient.contained[0]: 'contained' must hold one resource",
    ],
    [
      `<Patient ${FHIR}><active/></Patient>`,
      "1:38 Patient.active: 'active' has neither a value nor anything else",
    ],
    [
      `<Patient ${FHIR}><active value="true"/><active value="true"/></Patient>`,
      "1:60 Patient.active: 'active' is there a second time",
    ],
  ])('is told: %s', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it.each([
    ['a document type', `<!DOCTYPE p [<!ENTITY a "aaaa">]><Patient ${FHIR}/>`],
    ['an external entity', `<!DOCTYPE p SYSTEM "file:///etc/passwd"><Patient ${FHIR}/>`],
    ['an entity that is not declared', `<Patient ${FHIR}><id value="&a;"/></Patient>`],
    ['an element that does not end', `<Patient ${FHIR}>`],
    ['an attribute twice', `<Patient ${FHIR}><id value="1" value="2"/></Patient>`],
    ['a character that XML does not know', `<Patient ${FHIR}><id value="&#1;"/></Patient>`],
    ['one that only XML 1.1 knows', `<?xml version="1.1"?><Patient ${FHIR}><id value="&#1;"/></Patient>`],
    ['nothing', ''],
  ])('is refused with %s', (_, text) => {
    expect(faultsOf(text)).toHaveLength(1);
    expect(faultsOf(text)[0]).toMatch(/^\d+:\d+ : not XML: /);
  });

  it('is refused when it is nested too deep, however deep', () => {
    const text = `<Patient ${FHIR}>${'<extension url="u">'.repeat(200_000)}`;
    expect(faultsOf(text)[0]).toContain('elements are nested deeper than 30');
  });
});
