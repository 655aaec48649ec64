import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECTOR_SYSTEM } from '../../src/principal.ts';
import { BY_GATEWAY, openStoreFixture, type StoreFixture } from './store-fixture.ts';

const UCUM = 'http://unitsofmeasure.org';
const LOINC = 'http://loinc.org';
const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

const component = (code: string, value: number) => ({
  code: { coding: [{ system: LOINC, code }] },
  valueQuantity: { value, unit: 'mmHg', system: UCUM, code: 'mm[Hg]' },
});

describe('search by what is beyond plain values', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture({ base: 'https://silta.example/fhir' });
    const { create } = fixture;
    await create({
      resourceType: 'Patient',
      id: 'aino',
      identifier: [
        {
          type: { coding: [{ system: 'urn:types', code: 'MR' }], text: 'Potilasnumero' },
          system: 'urn:hospital',
          value: '446053',
        },
        { type: { coding: [{ system: 'urn:types', code: 'SS' }] }, value: '999' },
      ],
    });
    await create({
      resourceType: 'Observation',
      id: 'bp',
      status: 'final',
      code: {
        text: 'Verenpaine kotona',
        coding: [{ system: LOINC, code: '85354-9', display: 'Blood pressure panel' }],
      },
      subject: { reference: 'https://silta.example/fhir/Patient/aino' },
      component: [component('8480-6', 150), component('8462-4', 80)],
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Korkea <b>yl&#228;paine</b> &amp; päänsärky</p></div>',
      },
    });
    await create({
      resourceType: 'Observation',
      id: 'glucose',
      status: 'final',
      code: { coding: [{ system: LOINC, code: '15074-8' }] },
      subject: { reference: 'Patient/aino' },
      valueQuantity: { value: 6.3, unit: 'mmol/l', system: UCUM, code: 'mmol/L' },
      note: [{ text: 'Mitattu aamulla ennen aamiaista; ei päänsärkyä.' }],
    });
    await create({
      resourceType: 'Encounter',
      id: 'visit',
      meta: { security: [{ system: SECTOR_SYSTEM, code: 'social' }] },
      status: 'finished',
      class: { system: ACT, code: 'AMB', display: 'Avokäynti' },
    });
    await create({
      resourceType: 'Encounter',
      id: 'stay',
      status: 'finished',
      class: { system: ACT, code: 'ACUTE' },
    });
    await create({ resourceType: 'Location', id: 'hospital', name: 'Sairaala' });
    await create({ resourceType: 'Location', id: 'ward', partOf: { reference: 'Location/hospital' } });
    await create({ resourceType: 'Location', id: 'room', partOf: { reference: 'Location/ward' } });
    await create({
      resourceType: 'Encounter',
      id: 'in-room',
      status: 'planned',
      class: { code: 'x' },
      location: [{ location: { reference: 'Location/room' } }],
    });
    await create({
      resourceType: 'DocumentReference',
      id: 'd2',
      status: 'current',
      relatesTo: [
        { code: 'replaces', target: { reference: 'DocumentReference/d1' } },
        { code: 'appends', target: { reference: 'DocumentReference/d0' } },
      ],
      content: [{ attachment: {} }],
    });
    for (const version of ['1.2.0', '1.2.7', '1.20.0']) {
      await create({
        resourceType: 'QuestionnaireResponse',
        id: `r${version}`,
        status: 'completed',
        questionnaire: `https://x.example/Questionnaire/q|${version}`,
      });
    }
    await create({
      resourceType: 'Questionnaire',
      id: 'q120',
      url: 'https://x.example/Questionnaire/q',
      version: '1.2.0',
      status: 'retired',
      title: 'Kysely',
      useContext: [
        {
          code: { system: 'urn:context', code: 'age' },
          valueRange: { low: { value: 18, code: 'a' }, high: { value: 65, code: 'a' } },
        },
        {
          code: { system: 'urn:context', code: 'focus' },
          valueCodeableConcept: { coding: [{ system: 'urn:focus', code: 'mood' }] },
        },
      ],
    });
    await create({
      resourceType: 'List',
      id: 'mine',
      status: 'current',
      mode: 'working',
      entry: [{ item: { reference: 'Observation/bp' } }, { item: { reference: 'Patient/aino' } }],
    });
    await create({
      resourceType: 'Group',
      id: 'group',
      type: 'person',
      actual: false,
      characteristic: [
        { code: { coding: [{ code: 'gender' }] }, valueCodeableConcept: { coding: [{ code: 'mixed' }] } },
        { code: { coding: [{ code: 'smokes' }] }, valueBoolean: true },
      ],
    });
  });
  afterAll(() => fixture.drop());

  it.each([
    // composites: both of one element
    [`Observation?component-code-value-quantity=${LOINC}|8480-6$gt140`, ['bp']],
    [`Observation?component-code-value-quantity=${LOINC}|8462-4$gt140`, []],
    ['Observation?component-code-value-quantity=8480-6$150|http://unitsofmeasure.org|mm[Hg]', ['bp']],
    ['Observation?component-code-value-quantity=8480-6$ge200,8462-4$le80', ['bp']],
    [`Observation?combo-code-value-quantity=8480-6$150`, ['bp']],
    [`Observation?combo-code-value-quantity=15074-8$6.3`, ['glucose']],
    [`Observation?code-value-quantity=${LOINC}|15074-8$lt7`, ['glucose']],
    ['Observation?code-value-quantity=15074-8$gt7', []],
    ['Observation?code-value-quantity:missing=true', ['bp']],
    ['DocumentReference?relationship=replaces$DocumentReference/d1', ['d2']],
    ['DocumentReference?relationship=appends$DocumentReference/d1', []],
    ['Questionnaire?context-type-quantity=urn:context|age$ge60', ['q120']],
    ['Questionnaire?context-type-quantity=focus$ge60', []],
    ['Questionnaire?context-type-value=focus$urn:focus|mood', ['q120']],
    ['Questionnaire?context-type-value=age$mood', []],
    ['Group?characteristic-value=gender$mixed', ['group']],
    ['Group?characteristic-value=smokes$true', ['group']],
    ['Group?characteristic-value=smokes$mixed', []],
    // words
    ['Observation?_text=yläpaine', ['bp']],
    ['Observation?_text=YLAPAINE korkea', ['bp']],
    ['Observation?_text=yläpaine AND matala', []],
    ['Observation?_text=(matala OR korkea) päänsärky', ['bp']],
    ['Observation?_text="korkea ylapaine"', ['bp']],
    ['Observation?_text="ylapaine korkea"', []],
    ['Observation?_text=korkea NOT ylapaine', []],
    ['Observation?_text:missing=true', ['glucose']],
    ['Observation?_content=aamiaista', ['glucose']],
    ['Observation?_content=päänsärky', ['bp']],
    ['Observation?_content=kotona', ['bp']],
    ['Observation?_content=p', []],
    // token modifiers
    ['Observation?code:text=verenpaine', ['bp']],
    ['Observation?code:text=blood PRESSURE', ['bp']],
    ['Observation?code:text=pressure', []],
    ['Patient?identifier:text=potilasnumero', ['aino']],
    ['Patient?identifier:of-type=urn:types|MR|446053', ['aino']],
    ['Patient?identifier:of-type=urn:types|SS|446053', []],
    ['Encounter?class:in=http://terminology.hl7.org/ValueSet/v3-ActEncounterCode', ['stay', 'visit']],
    ['Encounter?class:not-in=http://terminology.hl7.org/ValueSet/v3-ActEncounterCode', ['in-room']],
    [`Encounter?class:below=${ACT}|IMP`, ['stay']],
    [`Encounter?class:below=${ACT}|_ActEncounterCode`, ['stay', 'visit']],
    [`Encounter?class:above=${ACT}|ACUTE`, ['stay']],
    ['Encounter?class:text=avo', ['visit']],
    ['Encounter?_security:not=social', ['in-room', 'stay']],
    ['Encounter?_security:text=social', []],
    [`Encounter?_security:in=https://silta.example/fhir/ValueSet/sector`, ['in-room', 'stay', 'visit']],
    // hierarchies and versions
    ['Encounter?location:below=Location/hospital', ['in-room']],
    ['Encounter?location:below=Location/room', ['in-room']],
    ['Encounter?location:above=Location/room', ['in-room']],
    ['Encounter?location:above=Location/hospital', []],
    ['Location?partof:below=Location/hospital', ['room', 'ward']],
    ['Location?partof:above=Location/room', ['room', 'ward']],
    ['QuestionnaireResponse?questionnaire:below=https://x.example/Questionnaire/q|1.2', ['r1.2.0', 'r1.2.7']],
    [
      'QuestionnaireResponse?questionnaire:below=https://x.example/Questionnaire',
      ['r1.2.0', 'r1.2.7', 'r1.20.0'],
    ],
    ['QuestionnaireResponse?questionnaire:above=https://x.example/Questionnaire/q|1.2.7.1', ['r1.2.7']],
    // references by the server's own address
    ['Observation?subject=https://silta.example/fhir/Patient/aino', ['bp', 'glucose']],
    ['Observation?patient=aino', ['bp', 'glucose']],
    ['Observation?patient.identifier=446053', ['bp', 'glucose']],
    // members of lists
    ['Observation?_list=mine', ['bp']],
    ['Patient?_list=mine', ['aino']],
    ['Observation?_list=yours', []],
    ['Patient?_has:Observation:patient:_list=mine', ['aino']],
    // chains by canonical
    ['QuestionnaireResponse?questionnaire.title=kysely', ['r1.2.0']],
    ['QuestionnaireResponse?questionnaire:Questionnaire.status=retired', ['r1.2.0']],
    ['Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed', ['q120']],
    ['Observation?_id:missing=false', ['bp', 'glucose']],
    ['Observation?_lastUpdated:missing=true', []],
    [
      'Observation?patient._has:Observation:patient:component-code-value-quantity=8480-6$150',
      ['bp', 'glucose'],
    ],
  ])('finds by %s', async (text, ids) => {
    expect((await fixture.find(text)).sort()).toEqual(ids);
  });

  it.each([
    ['Observation?component-code-value-quantity=8480-6', "2 values with '$'"],
    ['Observation?component-code-value-quantity=8480-6$', "2 values with '$'"],
    ['Observation?component-code-value-quantity=8480-6$many', '[prefix]number'],
    ['Observation?_text=(korkea', 'not closed'],
    ['Observation?_text=korkea)', 'not opened'],
    ['Observation?_text=OR korkea', 'a word is missing'],
    ['Observation?_text=!!!', 'no letter'],
    [`Observation?_text=${'('.repeat(25)}a`, 'nested too deeply'],
    ['Patient?identifier:of-type=MR|446053', 'system|code|value'],
    ['Encounter?class:in=urn:nothing', 'value set is not known'],
    ['Encounter?class:below=IMP', 'system|code'],
    [`Encounter?class:below=${ACT}|NOTHING`, 'system|code'],
    ['Observation?subject:below=Patient/aino', 'no parts'],
    ['Observation?_list=$current-problems', 'named lists'],
    ['Observation?_list:not=mine', 'none is allowed'],
    ['Observation?_sort=_text', 'no order'],
    ['Observation?_text:exact=x', ':missing'],
  ])('refuses %s', async (text, message) => {
    await expect(fixture.search(text)).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(message),
    });
  });

  it('forgets what an update takes away and what is deleted', async () => {
    const base = { resourceType: 'Observation', id: 'gone', status: 'final', code: { text: 'x' } };
    await fixture.create({ ...base, component: [component('1111-1', 5)], note: [{ text: 'muistiinpano' }] });
    const found = () =>
      Promise.all(
        ['_content=muistiinpano', 'component-code-value-quantity=1111-1$5'].map((each) =>
          fixture.find(`Observation?${each}`),
        ),
      );
    expect(await found()).toEqual([['gone'], ['gone']]);
    await fixture.store.write([{ kind: 'update', resource: base }], BY_GATEWAY);
    expect(await found()).toEqual([[], []]);
    await fixture.store.write([{ kind: 'delete', type: 'Observation', id: 'gone' }], BY_GATEWAY);
    const rows = await fixture.database.query(
      "SELECT (SELECT count(*) FROM search_text t JOIN resource r ON r.key = t.key WHERE r.id = 'gone') AS texts",
    );
    expect(rows).toEqual([{ texts: 0 }]);
  });

  it('tells a caller of one patient nothing by lists and hierarchies that are hidden', async () => {
    const eino = { patientId: 'eino', sectors: ['health', 'social'] as const };
    expect(await fixture.find('Observation?_list=mine', eino)).toEqual([]);
    expect(await fixture.find('Encounter?location:below=Location/hospital', eino)).toEqual([]);
  });
});
