import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SEGMENTS } from '../../src/mapping/codecs/hl7v2/facts.ts';
import { createHl7v2Codec, MappingError } from '../../src/mapping/index.ts';
import { compile, definitions, environment } from './map-fixture.ts';

const V2 = 'urn:hl7-org:v2xml:';
const any = createHl7v2Codec({ definitions });
const oru = createHl7v2Codec({ definitions, type: `${V2}ORU_R01` });
const NULL = {
  extension: [{ url: 'https://silta.example/fhir/StructureDefinition/hl7v2-null', valueBoolean: true }],
};

const RESULT = [
  'MSH|^~\\&|LAB|SHUS|SILTA|HVA|20260314092653+0200||ORU^R01^ORU_R01|M-1|P|2.5.1|||||FIN|UNICODE UTF-8',
  'PID|1||131052-951J^^^&1.2.246.21&ISO~77^^^HVA||Testilä&van^Meri^^^""||19521013|F',
  'ORC|RE|O-1',
  'OBR|1|O-1|F-9|4548^HbA1c^KUNTALIITTO|||20260313',
  'OBX|1|NM|4548^HbA1c^KUNTALIITTO||42|mmol/mol^^UCUM|20-42|N|||F',
  'NTE|1||Fasted\\.br\\two \\T\\ a half\\X0D\\',
  'OBX|2|CWE|X^Y^Z||A^Alpha^L~B^Beta^L||||||F',
  '',
].join('\r');

describe('HL7 v2: https://www.hl7.eu/HL7v2x/v251/std251/ch02.html', () => {
  it('reads segments into the groups of the message, fields by position, repetitions, components and subcomponents', () => {
    const {
      PATIENT_RESULT: [result],
    } = oru.parse(RESULT, 'r.hl7') as { PATIENT_RESULT: [Record<string, unknown>] };
    expect(result).toEqual({
      PATIENT: {
        PID: {
          PID_1: '1',
          PID_3: [
            { CX_1: '131052-951J', CX_4: { HD_2: '1.2.246.21', HD_3: 'ISO' } },
            { CX_1: '77', CX_4: { HD_1: 'HVA' } },
          ],
          PID_5: [{ XPN_1: { FN_1: 'Testilä', FN_2: 'van' }, XPN_2: 'Meri', _XPN_5: NULL }],
          PID_7: '19521013',
          PID_8: { CWE_1: 'F' },
        },
      },
      ORDER_OBSERVATION: [
        {
          ORC: { ORC_1: 'RE', ORC_2: { EI_1: 'O-1' } },
          OBR: {
            OBR_1: '1',
            OBR_2: { EI_1: 'O-1' },
            OBR_3: { EI_1: 'F-9' },
            OBR_4: { CWE_1: '4548', CWE_2: 'HbA1c', CWE_3: 'KUNTALIITTO' },
            OBR_7: '20260313',
          },
          OBSERVATION: [
            {
              OBX: {
                OBX_1: '1',
                OBX_2: 'NM',
                OBX_3: { CWE_1: '4548', CWE_2: 'HbA1c', CWE_3: 'KUNTALIITTO' },
                OBX_5String: ['42'],
                OBX_6: { CWE_1: 'mmol/mol', CWE_3: 'UCUM' },
                OBX_7: '20-42',
                OBX_8: [{ CWE_1: 'N' }],
                OBX_11: 'F',
              },
              NTE: [{ NTE_1: '1', NTE_3: ['Fasted\ntwo & a half\r'] }],
            },
            {
              OBX: {
                OBX_1: '2',
                OBX_2: 'CWE',
                OBX_3: { CWE_1: 'X', CWE_2: 'Y', CWE_3: 'Z' },
                OBX_5CWE: [
                  { CWE_1: 'A', CWE_2: 'Alpha', CWE_3: 'L' },
                  { CWE_1: 'B', CWE_2: 'Beta', CWE_3: 'L' },
                ],
                OBX_11: 'F',
              },
            },
          ],
        },
      ],
    });
  });

  it('writes the same bytes again', () => {
    expect(oru.print(oru.parse(RESULT, 'r.hl7'))).toBe(RESULT);
  });

  it('takes line feeds, both line ends, a byte order mark and other separators', () => {
    const other = 'MSH$%*!@$A\nPID$$$1%%%B@C\n'.replaceAll('\n', '\r\n');
    expect(any.parse(`\ufeff${other}`, 'x')).toEqual({
      MSH: { MSH_1: '$', MSH_2: '%*!@', MSH_3: { HD_1: 'A' } },
      segment: [{ PID: { PID_3: [{ CX_1: '1', CX_4: { HD_1: 'B', HD_2: 'C' } }] } }],
    });
    expect(any.print(any.parse(other, 'x'))).toBe(other.replaceAll('\r\n', '\r'));
  });

  it('keeps any segment in its place, also one that it does not know', () => {
    const text = 'MSH|^~\\&|A\rZPI|1|a^b&c~d\rPID|1\rZPI|2\r';
    const message = any.parse(text, 'x');
    expect(message).toMatchObject({
      segment: [
        {
          other: {
            name: 'ZPI',
            F_1: [{ C_1: { S_1: '1' } }],
            F_2: [{ C_1: { S_1: 'a' }, C_2: { S_1: 'b', S_2: 'c' } }, { C_1: { S_1: 'd' } }],
          },
        },
        { PID: { PID_1: '1' } },
        { other: { name: 'ZPI' } },
      ],
    });
    expect(any.print(message)).toBe(text);
  });

  it('tells the null, which deletes, from what is not there', () => {
    const text = 'MSH|^~\\&|A\rPID|1|||||||""|||||1~""~2\r';
    const parsed = any.parse(text, 'x') as { segment: [{ PID: Record<string, unknown> }] };
    expect(parsed.segment[0].PID['PID_8']).toEqual({ _CWE_1: NULL });
    expect(any.print(parsed)).toBe(text);
    const quotes = { MSH: { MSH_3: { HD_1: '""' } } };
    expect(any.parse(any.print(quotes), 'x')).toMatchObject(quotes);
  });

  it.each([
    ['\\F\\', '|'],
    ['\\S\\', '^'],
    ['\\T\\', '&'],
    ['\\R\\', '~'],
    ['\\E\\', '\\'],
    ['\\X41C3A4\\', 'Aä'],
    ['\\XE4\\', 'ä'],
    ['a\\.br\\b', 'a\nb'],
    ['\\H\\F\\N\\', '\\H\\F\\N\\'],
    ['C:\\path\\x', 'C:\\path\\x'],
    ['\\', '\\'],
    ['\\XZZ\\', '\\XZZ\\'],
  ])('reads the escape %j as %j', (written, text) => {
    const value = any.parse(`MSH|^~\\&|${written}\r`, 'x');
    expect(value).toMatchObject({ MSH: { MSH_3: { HD_1: text } } });
    expect(any.parse(any.print(value), 'x')).toEqual(value);
  });

  it('reads a message into FHIR by a map, and writes one', () => {
    const map = compile(`map "https://silta.example/fhir/StructureMap/oru" = "oru"
uses "${V2}ORU_R01" alias ORU as source
uses "${V2}CWE" alias CWE as source
uses "http://hl7.org/fhir/StructureDefinition/Bundle" alias Bundle as target
group main(source message : ORU, target bundle : Bundle) {
  message -> bundle.type = 'collection';
  message.PATIENT_RESULT as result then {
    result.ORDER_OBSERVATION.OBSERVATION.OBX as obx -> bundle.entry as entry, entry.resource = create('Observation') as o then {
      obx.OBX_3 as code -> o.code = cc('urn:oid:1.2.246.537.6.3', (%code.CWE_1));
      obx.OBX_11 as status where $this = 'F' -> o.status = 'final';
      obx.OBX_5 : string as value -> o.value = create('Quantity') as q, q.value = cast(value, 'decimal');
      obx.OBX_5 : CWE as value -> o.component as c, c.value = cc('urn:x', (%value.CWE_1));
    };
  };
}`);
    expect(map.run({ message: oru.parse(RESULT, 'r.hl7') }, environment())).toMatchObject({
      entry: [
        { resource: { status: 'final', valueQuantity: { value: 42 } } },
        { resource: { component: [{ valueCodeableConcept: { coding: [{ code: 'A' }] } }, {}] } },
      ],
    });
    const back = compile(`map "https://silta.example/fhir/StructureMap/ack" = "ack"
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "${V2}ADT_A01" alias ADT as target
group main(source patient : Patient, target adt : ADT) {
  patient -> adt.MSH as msh, msh.MSH_9 as type, type.MSG_1 = 'ADT', type.MSG_2 = 'A08', type.MSG_3 = 'ADT_A01';
  patient -> adt.EVN as evn, evn.EVN_1 = 'A08';
  patient -> adt.PID as pid then {
    patient.name as name -> pid.PID_5 as xpn then {
      name.family as family -> xpn.XPN_1 as fn, fn.FN_1 = family;
    };
  };
  patient -> adt.PV1 as pv1, pv1.PV1_2 as class, class.CWE_1 = 'O';
}`);
    const adt = createHl7v2Codec({ definitions, type: `${V2}ADT_A01` });
    const patient = { resourceType: 'Patient', name: [{ family: 'Testi|lä' }] };
    expect(adt.print(back.run({ patient }, environment()))).toBe(
      'MSH|^~\\&|||||||ADT^A08^ADT_A01\rEVN|A08\rPID|||||Testi\\F\\lä\rPV1||O\r',
    );
  });

  it('reads what the documentation shows: the identifier of one kind among several', () => {
    const map = compile(`map "https://silta.example/fhir/StructureMap/hetu" = "hetu"
uses "${V2}ADT_A01" alias Adt as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as target
group AdtToPatient(source adt : Adt, target patient : Patient) {
  adt.PID.PID_3 as cx where CX_5 = 'NI' -> patient.identifier = id('urn:oid:1.2.246.21', (%cx.CX_1)) "hetu";
}`);
    const codec = createHl7v2Codec({ definitions, type: `${V2}ADT_A01` });
    const text = 'MSH|^~\\&|A\rEVN|A08\rPID|1||77^^^HVA^MR~131052-951J^^^DVV^NI\rPV1|1|O\r';
    expect(map.run({ adt: codec.parse(text, 'x') }, environment())).toEqual({
      resourceType: 'Patient',
      identifier: [{ system: 'urn:oid:1.2.246.21', value: '131052-951J' }],
    });
  });
});

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof MappingError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

describe('HL7 v2 that cannot be read', () => {
  it.each([
    ['', 'x:1:1: not HL7 v2: a message starts with MSH and its separators'],
    ['{"a":1}', 'x:1:1: not HL7 v2: a segment must start with its name'],
    ['MSH', 'x:1:1: not HL7 v2: a message starts with MSH and its separators'],
    ['MSH|^^\\&|', 'x:1:4: not HL7 v2: MSH-1 and MSH-2 name one character twice'],
    ['MSHa^~\\&a', 'x:1:4: not HL7 v2: a letter, digit or quote cannot separate anything'],
    ['MSH|^~\\&|A\rPID^1', "x:2:4: PID: '|' is wanted behind the name of the segment"],
    ['MSH|^~\\&|A\rpid|1', 'x:2:1: not HL7 v2: a segment must start with its name'],
    ['MSH|^~\\&|A\rPID|1|2~3', 'x:2:7: PID-2: this field must not repeat'],
    ['MSH|^~\\&|A\rPID|1^2', 'x:2:5: PID-1: there must be no components here'],
    ['MSH|^~\\&|A\rPID|||a~b^c^^d&e&f&g', 'x:2:14: PID-3[2].4: HD has no subcomponent 4'],
    ['MSH|^~\\&|A\rEVN|||||||a^b^c^d', 'x:2:17: EVN-7.4: HD has no component 4'],
    ['MSH|^~\\&|A\rRGS||||1', 'x:2:8: RGS-4: RGS has no field 4'],
    ['MSH|^~\\&|A\rOBX|1|||||\rOBX|1|||1|7', 'x:3:11: OBX-5: OBX-2 does not say its type'],
    ['MSH|^~\\&|A\rOBX|1|ZZ|||7', 'x:2:12: OBX-5: OBX-2 says a type that cannot be here'],
    ['MSH|^~\\&|A\rMSH|^~\\&|A', 'x:2:1: MSH has no place here in Message'],
  ])('%j is refused at its place', (text, message) => {
    expect(faultOf(() => any.parse(text, 'x'))).toBe(message);
  });

  it('names the segment that is missing or has no place in the message', () => {
    expect(faultOf(() => oru.parse('MSH|^~\\&|A\rPID|1\r', 'x'))).toBe(
      'x:2:1: ORC or OBR is wanted, but the message ends',
    );
    expect(faultOf(() => oru.parse('MSH|^~\\&|A\rOBR|1\rPV1|1\r', 'x'))).toBe(
      'x:3:1: PV1 has no place here in ORU_R01',
    );
  });

  it('refuses to write what a message cannot hold', () => {
    expect(faultOf(() => any.print({ MSH: {}, extra: 1 }))).toContain(
      'Message.extra: the model has no such element',
    );
    expect(faultOf(() => any.print({}))).toContain('Message.MSH: this must be there');
    expect(faultOf(() => any.print({ MSH: { MSH_1: '|', MSH_2: '^', MSH_3: { HD_1: 'a|b' } } }))).toContain(
      'MSH-2 names no escape character',
    );
    expect(faultOf(() => any.print({ MSH: {}, segment: [{ PID: { PID_3: { CX_1: 'x' } } }] }))).toContain(
      'Message.segment[0].PID.PID_3: a list is wanted here',
    );
  });
});

/** Texts that are full of what must be escaped. */
const text = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom(...'ab|^~&\\"\r\nä€𝄞#X\u0000') });
const field = fc.record(
  { C_1: fc.record({ S_1: text }), C_3: fc.record({ S_2: text }) },
  { requiredKeys: ['C_1'] },
);
const segment = fc.record({
  other: fc.record({
    name: fc.constantFrom('ZAA', 'ZB1'),
    F_2: fc.array(field, { minLength: 1, maxLength: 3 }),
  }),
});

describe('the round-trip law of HL7 v2', () => {
  it('holds for any message, whatever its texts', () => {
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('^~\\&', '^~\\&#', '*!?+'),
        (segments, MSH_2) => {
          const message = { MSH: { MSH_1: '|', MSH_2, MSH_10: 'id' }, segment: segments };
          expect(any.parse(any.print(message), 'x')).toEqual(message);
        },
      ),
    );
  });

  it('ends for any text with a value or a located error', () => {
    const pieces = fc.array(
      fc.constantFrom(
        ...Object.keys(SEGMENTS),
        '|',
        '^',
        '~',
        '\\',
        '&',
        '""',
        '\r',
        '\n',
        'a',
        'MSH|^~\\&|',
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(pieces, (found) => {
        const given = `MSH|^~\\&|${found.join('')}`;
        try {
          const value = any.parse(given, 'x');
          expect(any.parse(any.print(value), 'x')).toEqual(value);
        } catch (error) {
          if (!(error instanceof MappingError)) throw error;
          expect(error.message).toMatch(/^(x|output):\d+:\d+: /);
        }
      }),
      { numRuns: 500 },
    );
  });
});
