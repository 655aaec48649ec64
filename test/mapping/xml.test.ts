import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StructureDefinition } from 'fhir/r4';
import { compileStructure } from '../../src/definitions/index.ts';
import { createXmlCodec, MappingError } from '../../src/mapping/index.ts';
import { compile, definitions, environment } from './map-fixture.ts';

const fhir = createXmlCodec({ definitions });

const ROOT = 'https://silta.example/fhir/StructureDefinition';
const NAMESPACE = {
  url: 'http://hl7.org/fhir/tools/StructureDefinition/xml-namespace',
  valueUri: 'urn:hl7-org:v3',
};
type Parts = Readonly<Record<string, unknown>>;

/** A logical model: name of an element → its type and what more is to be said of it. */
function model(name: string, elements: Readonly<Record<string, readonly [string | string[], Parts?]>>) {
  const definition = {
    resourceType: 'StructureDefinition',
    extension: [NAMESPACE],
    url: `${ROOT}/${name}`,
    name,
    status: 'active',
    kind: 'logical',
    abstract: false,
    type: name,
    snapshot: {
      element: [
        { id: name, path: name, min: 1, max: '1' },
        ...Object.entries(elements).map(([path, [types, parts]]) => ({
          id: `${name}.${path}`,
          path: `${name}.${path}`,
          min: 0,
          max: '1',
          type: [types].flat().map((code) => ({ code: /^[A-Z]/.test(code) ? `${ROOT}/${code}` : code })),
          ...parts,
        })),
      ],
    },
  } as StructureDefinition;
  return compileStructure(definition, definitions);
}

const attribute = { representation: ['xmlAttr'] };
/** CDA in small: attributes, text, xsi:type, mixed content, a foreign namespace, markup. */
const cda = [
  model('Document', {
    version: ['string', attribute],
    title: ['Text'],
    address: ['Address', { max: '*' }],
    value: [['Code', 'Amount'], { max: '*', representation: ['typeAttr'] }],
    raceCode: ['Code', { extension: [{ ...NAMESPACE, valueUri: 'urn:hl7-org:sdtc' }] }],
    text: ['xhtml', { representation: ['cdaText'] }],
  }),
  model('Text', { data: ['string', { representation: ['xmlText'] }] }),
  model('Code', { code: ['string', attribute], translation: ['Code', { max: '*' }] }),
  model('Amount', { value: ['decimal', attribute], unit: ['string', attribute] }),
  model('Address', { use: ['code', attribute], item: ['Part', { max: '*', extension: [choiceGroup()] }] }),
  model('Part', {
    city: ['Text'],
    postalCode: ['Text'],
    delimiter: ['Text'],
    data: ['string', { representation: ['xmlText'] }],
  }),
];
const clinical = createXmlCodec({ definitions, models: cda, type: `${ROOT}/Document` });

function choiceGroup() {
  return { url: 'http://hl7.org/fhir/tools/StructureDefinition/xml-choice-group', valueBoolean: true };
}

function isXmlCharacter(character: string): boolean {
  return (
    (character >= ' ' || '\t\n\r'.includes(character)) && character !== '\ufffe' && character !== '\uffff'
  );
}

function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return error.message;
  }
  throw new Error('nothing was wrong');
}

describe('resources in XML: https://hl7.org/fhir/R4/xml.html', () => {
  const patient = {
    resourceType: 'Patient',
    id: 'p-17',
    text: {
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml">Tessa <b>&amp;</b> Åke</div>',
    },
    contained: [{ resourceType: 'Organization', id: 'o', name: 'Terveys & Co <1>' }],
    extension: [{ url: 'http://example.org/x', valueDecimal: 1.25 }],
    active: true,
    name: [
      {
        family: 'Ä"i\n',
        given: ['Tessa', null, 'Eeva'],
        _given: [null, { id: 'g2', extension: [{ url: 'urn:u', valueBoolean: false }] }, null],
      },
    ],
    _birthDate: { extension: [{ url: 'urn:absent', valueCode: 'unknown' }] },
    multipleBirthInteger: 2,
    contact: [{ id: 'c1', gender: 'female' }],
  };

  it('writes ids and urls as attributes, values as value attributes, in the order of the definition', () => {
    const { active, resourceType, ...rest } = patient;
    const text = fhir.print({ ...rest, active, resourceType });
    expect(text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Patient xmlns="http:\/\/hl7.org\/fhir">\n {2}<id value="p-17"\/>/,
    );
    expect(text).toContain('<div xmlns="http://www.w3.org/1999/xhtml">Tessa <b>&amp;</b> Åke</div>');
    expect(text).toContain('<family value="Ä&quot;i&#10;"/>');
    expect(text).toContain('<contact id="c1">\n    <gender value="female"/>');
    expect([...text.matchAll(/^ {2}<(\w+)/gm)].map(([, name]) => name)).toEqual([
      'id',
      'text',
      'contained',
      'extension',
      'active',
      'name',
      'birthDate',
      'multipleBirthInteger',
      'contact',
    ]);
  });

  it('reads back what it wrote', () => {
    expect(fhir.parse(fhir.print(patient), 'p.xml')).toEqual(patient);
  });

  it('reads numbers and booleans as such, prefixes of any kind, and no comments', () => {
    const text = `\ufeff<?xml version="1.0"?><!-- one --><f:Observation xmlns:f="http://hl7.org/fhir"
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"><f:status value="final"/>
      <f:valueQuantity><f:value value="-0.50"/></f:valueQuantity><!-- two --></f:Observation>`;
    expect(fhir.parse(text, 'o.xml')).toEqual({
      resourceType: 'Observation',
      status: 'final',
      valueQuantity: { value: -0.5 },
    });
  });

  it.each([
    ['an unknown element', '<gendr value="male"/>', "p.xml:2:1: 'Patient' has no element 'gendr'"],
    ['an unknown attribute', '<gender valu="male"/>', "p.xml:2:1: 'gender' has no attribute 'valu'"],
    ['a broken number', '<multipleBirthInteger value="two"/>', 'p.xml:2:1: this is not a valid integer'],
    [
      'a second single element',
      '<active value="true"/><active value="true"/>',
      "p.xml:2:23: 'active' is there a second time",
    ],
    [
      'a name at the end of its line',
      '  <gendr\n value="male"/>',
      "p.xml:2:3: 'Patient' has no element 'gendr'",
    ],
    ['stray text', 'hello', "p.xml:1:1: there must be no text in 'Patient'"],
    ['an empty primitive', '<gender/>', "p.xml:2:1: 'gender' has neither a value nor anything else"],
    [
      'two contained in one',
      '<contained><Basic/><Basic/></contained>',
      "p.xml:2:1: 'contained' must hold one resource",
    ],
    ['no resource inside', '<contained><Basics/></contained>', "p.xml:2:12: 'Basics' is not a resource"],
  ])('refuses %s at its place', (_, inner, message) => {
    const text = `<Patient xmlns="http://hl7.org/fhir">\n${inner}\n</Patient>`;
    expect(problem(() => fhir.parse(text, 'p.xml'))).toBe(message);
  });

  it.each([
    [
      'an element the model does not have',
      { resourceType: 'Patient', gendr: 'male' },
      'Patient.gendr: Patient has no such element',
    ],
    [
      'a list where one value is',
      { resourceType: 'Patient', gender: ['male'] },
      'Patient.gender: one value is wanted here',
    ],
    [
      'a text where a truth value is',
      { resourceType: 'Patient', active: 'yes' },
      'Patient.active: a boolean is wanted here',
    ],
    [
      'a character that XML does not have',
      { resourceType: 'Patient', id: 'a\u0000b' },
      'XML cannot hold one of the characters of a text',
    ],
    [
      'broken markup',
      { resourceType: 'Patient', text: { div: '<div>' } },
      'Patient.text.div:1:5: not XML: unclosed tag: div',
    ],
    [
      'markup without its namespace',
      { resourceType: 'Patient', text: { div: '<div/>' } },
      'Patient.text.div: the markup must be in the namespace http://www.w3.org/1999/xhtml',
    ],
    ['what is no resource', { name: [] }, 'resource: this is not a resource'],
  ])('refuses to write %s', (_, value, message) => {
    expect(problem(() => fhir.print(value)).replace('output:1:1: ', '')).toBe(message);
  });
});

describe('dangerous XML', () => {
  const bomb = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i || ''};`.repeat(10)}">`).join('')}]><Patient xmlns="http://hl7.org/fhir"><id value="&lol9;"/></Patient>`;
  it.each([
    ['an entity bomb', bomb, /^x\.xml:1:\d+: not XML: a document type .* is not accepted$/],
    [
      'an external entity',
      '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
      /^x\.xml:1:\d+: not XML: a document type/,
    ],
    [
      'an unknown entity',
      '<Patient xmlns="http://hl7.org/fhir">\n&nbsp;</Patient>',
      /^x\.xml:2:\d+: not XML: undefined entity/,
    ],
    ['an unknown prefix', '<a:Patient/>', /^x\.xml:1:\d+: not XML: unbound namespace prefix/],
    [
      'an element that is not closed',
      '<Patient xmlns="http://hl7.org/fhir">',
      /^x\.xml:1:\d+: not XML: unclosed tag/,
    ],
    ['nothing at all', '', /^x\.xml:1:1: not XML: /],
    [
      'a document nested without end',
      '<a>'.repeat(100_000),
      /^x\.xml:1:\d+: not XML: elements are nested deeper than 500$/,
    ],
  ])('refuses %s, and says where', (_, text, message) => {
    expect(problem(() => fhir.parse(text, 'x.xml'))).toMatch(message);
  });

  it('reads the five entities of XML and characters by number', () => {
    const text =
      '<Patient xmlns="http://hl7.org/fhir"><id value="&lt;&gt;&amp;&quot;&apos;&#228;"/></Patient>';
    expect(fhir.parse(text, 'x.xml')).toMatchObject({ id: `<>&"'ä` });
  });
});

describe('logical models in XML: https://hl7.org/fhir/R4/valueset-property-representation.html', () => {
  const document = {
    version: '1',
    title: { data: 'Hyvä & <paha>' },
    address: [
      {
        use: 'HP',
        item: [
          { data: 'Katu 1, ' },
          { postalCode: { data: '00100' } },
          { data: ' ' + 'Hki' },
          { city: { data: 'Helsinki' } },
        ],
      },
    ],
    value: [
      { 'xsi:type': 'Amount', value: 7.5, unit: 'mmol/L' },
      { 'xsi:type': 'Code', code: 'A', translation: [{ code: 'B' }] },
    ],
    raceCode: { code: 'r' },
    text: '<text xmlns="urn:hl7-org:v3">See <content ID="c1">this</content><br/></text>',
  };
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1">
  <title>Hyvä &amp; &lt;paha&gt;</title>
  <address use="HP">Katu 1, <postalCode>00100</postalCode> Hki<city>Helsinki</city></address>
  <value xsi:type="Amount" value="7.5" unit="mmol/L"/>
  <value xsi:type="Code" code="A">
    <translation code="B"/>
  </value>
  <raceCode xmlns="urn:hl7-org:sdtc" code="r"/>
  <text>See <content ID="c1">this</content><br/></text>
</Document>
`;

  it('writes attributes, text, types, mixed content, namespaces and markup', () => {
    expect(clinical.print(document)).toBe(xml);
  });

  it('reads them back, CDATA and prefixes or not', () => {
    expect(clinical.parse(xml, 'd.xml')).toEqual(document);
    const other =
      '<h:Document xmlns:h="urn:hl7-org:v3"><h:title><![CDATA[<a>]]> &amp; b</h:title></h:Document>';
    expect(clinical.parse(other, 'd.xml')).toEqual({ title: { data: '<a> & b' } });
  });

  it('finds the model by the root element when none is told', () => {
    const any = createXmlCodec({ definitions, models: cda });
    expect(any.parse('<Text xmlns="urn:hl7-org:v3">x</Text>', 't.xml')).toEqual({ data: 'x' });
    expect(problem(() => any.parse('<Text>x</Text>', 't.xml'))).toBe(
      "t.xml:1:1: 'Text' in the namespace '' is not known here",
    );
  });

  it('refuses a missing or wrong type and another root', () => {
    const body = (inner: string) =>
      `<Document xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${inner}</Document>`;
    expect(problem(() => clinical.parse(body('<value code="A"/>'), 'd.xml'))).toMatch(
      /xsi:type must say which type 'value' has here$/,
    );
    expect(problem(() => clinical.parse(body('<value xsi:type="Text"/>'), 'd.xml'))).toMatch(
      /'value' cannot be a Text$/,
    );
    expect(problem(() => clinical.parse('<Code xmlns="urn:hl7-org:v3"/>', 'd.xml'))).toMatch(
      /'Document' in the namespace 'urn:hl7-org:v3' is wanted$/,
    );
    expect(() => createXmlCodec({ definitions, type: 'Nothing' })).toThrow('The model Nothing is not known.');
  });

  it('notes the type that a map creates where the element could have another', () => {
    const map = compile(
      `map "urn:m" = "m"
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "${ROOT}/Document" alias Document as target
group main(source src : Patient, target tgt : Document) {
  src.id as i -> tgt.value = create('Code') as v, v.code = i "value";
}`,
      { models: cda },
    );
    const result = map.run({ src: { resourceType: 'Patient', id: 'p9' } }, environment());
    expect(result).toEqual({ value: [{ 'xsi:type': 'Code', code: 'p9' }] });
    expect(clinical.print(result)).toContain('<value xsi:type="Code" code="p9"/>');
  });
});

describe('the round-trip law of XML', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((each) => /\S/.test(each) && [...each].every(isXmlCharacter));
  const code = fc.record(
    { system: fc.constant('urn:s'), code: text, userSelected: fc.boolean() },
    { requiredKeys: ['code'] },
  );
  const extension = fc.record({ url: fc.webUrl(), valueString: text });
  const name = fc
    .array(fc.tuple(text, fc.option(extension)), { minLength: 1, maxLength: 4 })
    .map((given) => ({
      given: given.map(([value]) => value),
      ...(given.some(([, more]) => more) && {
        _given: given.map(([, more]) => (more ? { extension: [more] } : null)),
      }),
    }));
  const observation = fc.record(
    {
      resourceType: fc.constant('Observation'),
      status: fc.constant('final'),
      code: fc.record({ coding: fc.array(code, { minLength: 1, maxLength: 3 }), text }),
      valueQuantity: fc.record({
        value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0),
        unit: text,
      }),
      component: fc.array(fc.record({ id: text, valueString: text }), { minLength: 1, maxLength: 3 }),
      contained: fc.array(
        fc.record({
          resourceType: fc.constant('Patient'),
          name: fc.array(name, { minLength: 1, maxLength: 2 }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    },
    { requiredKeys: ['resourceType', 'status'] },
  );

  it('holds for resources', () => {
    fc.assert(
      fc.property(observation, (value) => {
        expect(fhir.parse(fhir.print(value), 'x.xml')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 200 },
    );
  });

  it('holds for documents with attributes and text', () => {
    const part = fc.oneof(
      text.map((data) => ({ city: { data } })),
      text.map((data) => ({ postalCode: { data } })),
    );
    const document = fc.record(
      {
        version: text,
        title: fc.record({ data: text }),
        address: fc.array(fc.record({ item: fc.array(part, { minLength: 1 }) }), {
          minLength: 1,
          maxLength: 3,
        }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(document, (value) => {
        expect(clinical.parse(clinical.print(value), 'x.xml')).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('ends for any text with a value or a located error', () => {
    const noise = fc.array(
      fc.constantFrom(
        '<',
        '>',
        '</',
        '/>',
        '&',
        ';',
        '"',
        '=',
        ' ',
        'Patient',
        'id',
        'value',
        'xmlns="http://hl7.org/fhir"',
        '<![CDATA[',
        ']]>',
        '<!--',
        '-->',
        '<?',
        '?>',
        '\u0000',
        'ä',
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(noise, (pieces) => {
        try {
          fhir.parse(pieces.join(''), 'n.xml');
        } catch (error) {
          expect(error).toBeInstanceOf(MappingError);
          expect((error as Error).message).toMatch(/^n\.xml:\d+:\d+: /);
        }
      }),
      { numRuns: 500 },
    );
  });
});
