import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECTOR_SYSTEM } from '../../src/principal.ts';
import { BY_GATEWAY, openStoreFixture, type StoreFixture } from './store-fixture.ts';

const HETU = 'urn:oid:1.2.246.21';

describe('search', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture();
    const { create } = fixture;
    await create({
      resourceType: 'Patient',
      id: 'aino',
      identifier: [{ system: HETU, value: '010190-900P' }],
      name: [{ family: 'Mäkelä-Öhman', given: ['Aino', 'Ilona'] }],
      birthDate: '1990-01-01',
      telecom: [{ system: 'phone', value: '+358401' }],
      active: true,
    });
    await create({
      resourceType: 'Patient',
      id: 'eino',
      name: [{ family: 'Makela', given: ['Eino'] }],
      active: false,
    });
    await create({
      resourceType: 'Task',
      id: 't1',
      meta: {
        tag: [{ system: 'urn:tag', code: 'spring' }],
        profile: ['https://x.example/Task|2.0'],
        source: 'urn:s',
      },
      status: 'requested',
      intent: 'order',
      code: { coding: [{ system: 'urn:codes', code: 'contact' }, { code: 'bare' }] },
      for: { reference: 'Patient/aino' },
      owner: {
        reference: 'https://other.example/Organization/9',
        identifier: { system: 'urn:y', value: 'Y-1' },
      },
      authoredOn: '2026-02-03T10:30:00+02:00',
      executionPeriod: { start: '2026-02-01', end: '2026-02-10' },
    });
    await create({
      resourceType: 'Task',
      id: 't2',
      meta: { security: [{ system: SECTOR_SYSTEM, code: 'social' }] },
      status: 'accepted',
      intent: 'plan',
      for: { reference: 'Patient/eino' },
      basedOn: [{ reference: 'Task/t1' }],
      authoredOn: '2026-03',
    });
    await create({
      resourceType: 'Questionnaire',
      id: 'q1',
      url: 'https://x.example/Questionnaire/bdi',
      version: '1.0.0',
      status: 'active',
      title: 'Mieliala 100%_kysely',
    });
    await create({
      resourceType: 'QuestionnaireResponse',
      id: 'r1',
      status: 'completed',
      questionnaire: 'https://x.example/Questionnaire/bdi|1.0.0',
      subject: { reference: 'Patient/aino' },
      authored: '2026-02-03T08:30:00.125Z',
    });
    await create({
      resourceType: 'Observation',
      id: 'o1',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '89209-1' }] },
      subject: { reference: 'Patient/aino' },
      valueQuantity: { value: 5.4, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' },
    });
    await create({
      resourceType: 'RiskAssessment',
      id: 'ra',
      status: 'final',
      subject: { reference: 'Patient/aino' },
      prediction: [{ probabilityDecimal: 0.8 }],
    });
  });
  afterAll(() => fixture.drop());

  it.each([
    // token
    ['Task?status=requested', ['t1']],
    ['Task?status=requested,accepted', ['t1', 't2']],
    ['Task?status=http://hl7.org/fhir/task-status|requested', ['t1']],
    ['Task?status=http://hl7.org/fhir/request-status|requested', []],
    ['Task?status:not=requested', ['t2']],
    ['Task?code=urn:codes|contact', ['t1']],
    ['Task?code=urn:codes|', ['t1']],
    ['Task?code=|bare', ['t1']],
    ['Task?code=|contact', []],
    ['Task?code:missing=true', ['t2']],
    ['Task?code:missing=false', ['t1']],
    ['Task?code:not=contact', ['t2']],
    ['Task?_tag=urn:tag|spring', ['t1']],
    ['Patient?active=true', ['aino']],
    ['Patient?phone=%2B358401'.replace('%2B', '+'), ['aino']],
    [`Patient?identifier=${HETU}|010190-900P`, ['aino']],
    ['Patient?identifier=010190-900P', ['aino']],
    ['Patient?deceased=false', ['aino', 'eino']],
    // the columns of every resource
    ['Task?_id=t1,t2', ['t1', 't2']],
    ['Task?_id:not=t1', ['t2']],
    ['Task?_security=social', ['t2']],
    [`Task?_security=${SECTOR_SYSTEM}|health`, ['t1']],
    ['Task?_profile=https://x.example/Task', ['t1']],
    ['Task?_profile=https://x.example/Task|1.0', []],
    ['Task?_profile=https://x.example/Task|2.0', ['t1']],
    ['Task?_source=urn:s', ['t1']],
    ['Task?_lastUpdated=2026-03-01', ['t1', 't2']],
    ['Task?_lastUpdated=lt2026-03-01', []],
    // string
    ['Patient?family=makela', ['aino', 'eino']],
    ['Patient?family=MÄKELÄ-ö', ['aino']],
    ['Patient?family:exact=Makela', ['eino']],
    ['Patient?family:exact=makela', []],
    ['Patient?name:contains=hman', ['aino']],
    ['Patient?name=ilo', ['aino']],
    ['Questionnaire?title=mieliala 100%_k', ['q1']],
    ['Questionnaire?title=mieliala 100a', []],
    // date
    ['Task?authored-on=2026-02-03', ['t1']],
    ['Task?authored-on=2026-02-03T08:30', ['t1']],
    ['Task?authored-on=2026-02-03T10:30', []],
    ['Task?authored-on=eq2026', ['t1', 't2']],
    ['Task?authored-on=ne2026-02', ['t2']],
    ['Task?authored-on=gt2026-02-03', ['t2']],
    ['Task?authored-on=ge2026-02-03', ['t1', 't2']],
    ['Task?authored-on=lt2026-03-15', ['t1', 't2']],
    ['Task?authored-on=le2026-02-03', ['t1']],
    ['Task?authored-on=sa2026-02-28', ['t2']],
    ['Task?authored-on=sa2026-03-01', []],
    ['Task?authored-on=eb2026-03-01', ['t1']],
    ['Task?authored-on=ge2026-02&authored-on=lt2026-03', ['t1']],
    ['Task?authored-on=ap0001-01-01', []],
    ['Patient?family:exact=Make\u0000la', ['eino']],
    ['Task?status=reque\u0000sted', ['t1']],
    ['Task?authored-on=gt9999-12-31', []],
    ['Task?period=2026-02-05', []],
    ['Task?period=ge2026-02-05', ['t1']],
    ['Task?period=ap2026-02-09', ['t1']],
    ['QuestionnaireResponse?authored=2026-02-03T08:30:00.125Z', ['r1']],
    ['QuestionnaireResponse?authored=gt2026-02-03T08:30:00.125Z', []],
    ['Patient?birthdate=1990', ['aino']],
    // reference, canonical, uri
    ['Task?patient=Patient/aino', ['t1']],
    ['Task?patient=aino', ['t1']],
    ['Task?subject=Patient/aino,Patient/eino', ['t1', 't2']],
    ['Task?subject:Patient=aino', ['t1']],
    ['Task?subject:Group=aino', []],
    ['Task?patient=Organization/aino', []],
    ['Task?owner=https://other.example/Organization/9', ['t1']],
    ['Task?owner:identifier=urn:y|Y-1', ['t1']],
    ['Task?based-on=Task/t1', ['t2']],
    ['Task?patient:missing=true', []],
    ['QuestionnaireResponse?questionnaire=https://x.example/Questionnaire/bdi', ['r1']],
    ['QuestionnaireResponse?questionnaire=https://x.example/Questionnaire/bdi|1.0.0', ['r1']],
    ['QuestionnaireResponse?questionnaire=https://x.example/Questionnaire/bdi|2.0.0', []],
    ['Questionnaire?url=https://x.example/Questionnaire/bdi', ['q1']],
    ['Questionnaire?url:below=https://x.example/Questionnaire', ['q1']],
    ['Questionnaire?url:below=https://x.example/Questionnaire/bdi', ['q1']],
    ['Questionnaire?url:below=https://x.example/', ['q1']],
    ['Questionnaire?url:below=https://x.example/Quest', []],
    ['Questionnaire?url:below=https://x.example/Questionnaire/bdi/deeper', []],
    ['Questionnaire?url:above=https://x.example/Questionnaire/bdi/deeper', ['q1']],
    ['Questionnaire?url:above=https://x.example/Questionnaire/bdi', ['q1']],
    ['Questionnaire?url:above=https://x.example/Questionnaire', []],
    // number and quantity
    ['RiskAssessment?probability=gt0.75', ['ra']],
    ['RiskAssessment?probability=0.8', ['ra']],
    ['RiskAssessment?probability=0.80', ['ra']],
    ['RiskAssessment?probability=8e-1', ['ra']],
    ['RiskAssessment?probability=0.9', []],
    ['Observation?value-quantity=5.4|http://unitsofmeasure.org|mg', ['o1']],
    ['Observation?value-quantity=5.4||mg', ['o1']],
    ['Observation?value-quantity=5', ['o1']],
    ['Observation?value-quantity=5.40', ['o1']],
    ['Observation?value-quantity=5.41', []],
    ['Observation?value-quantity=lt5.4', []],
    ['Observation?value-quantity=le5.4', ['o1']],
    ['Observation?value-quantity=ap5', ['o1']],
    ['Observation?value-quantity=5.4||kg', []],
    // chains
    ['Task?subject:Patient.family=mäkelä', ['t1', 't2']],
    [`Task?patient.identifier=${HETU}|010190-900P`, ['t1']],
    ['Task?based-on:Task.patient.given=aino', ['t2']],
    ['Patient?_has:Task:patient:status=accepted', ['eino']],
    ['Patient?_has:Task:patient:_id=t1', ['aino']],
    ['Patient?_has:Task:patient:_has:Task:based-on:status=accepted', ['aino']],
  ])('finds by %s', async (text, ids) => {
    expect((await fixture.find(text)).sort()).toEqual(ids);
  });

  it.each([
    ['Task?statuss=x', "Did you mean 'status'?"],
    ['Task?status:exact=x', "no modifier ':exact' here; allowed: :text, :not, :above"],
    ['Task?status=', 'a value is empty'],
    ['Task?status=a,,b', 'a value is empty'],
    ['Task?code=a|b|c', 'a token is'],
    ['Task?code=|', 'neither a system nor a code'],
    ['Task?code:missing=maybe', "'true' or 'false'"],
    ['Task?authored-on=yesterday', 'a date is'],
    ['Task?authored-on=2026-02-30', 'a date is'],
    ['Task?authored-on=xx2026', 'a date is'],
    ['Task?authored-on=0000', 'a date is'],
    ['Task?_lastUpdated:not=2026', 'allowed: :missing'],
    ['Task?_id=a b', 'an id has'],
    ['Task?patient=Nobody/1', 'no resource type'],
    ['Questionnaire?url:below=/', 'too short'],
    ['Task?patient=a/b/c', "a reference is 'id'"],
    ['Task?subject:Nobody=1', 'has no modifier'],
    ['Task?subject:Nobody.name=1', 'does not refer to Nobody'],
    ['Task?status.name=x', "'status' is no reference"],
    ['Task?subject.nothing=x', 'no target of'],
    [`Task?${'based-on:Task.'.repeat(9)}status=x`, 'a chain'],
    ['Basic?subject.subject.status=x', 'too many places'],
    ['Patient?_has:Task:status:_id=x', 'does not refer to Patient'],
    ['Patient?_has:Task=x', 'the form is'],
    ['Observation?value-quantity=many', '[prefix]number'],
    ['Observation?value-quantity=5|mg', '[prefix]number[|system|code]'],
    ['Observation?code-value-quantity=x', "2 values with '$'"],
    ['Task?_sort=nothing', 'no search parameter'],
    ['Task?_count=-1', 'whole number'],
    ['Task?_count=1&_count=2', 'once only'],
    ['Task?_total=some', 'none, estimate, accurate'],
    ['Task?_include=Patient:link', 'the first type must be Task'],
    ['Task?_include=Task:status', 'no reference'],
    ['Task?_include:often=Task:based-on', 'allowed: :iterate'],
    ['Task?_revinclude=Nobody:x', 'the form is'],
  ])('refuses %s', async (text, message) => {
    await expect(fixture.search(text)).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(message),
    });
  });

  it('names the parameter in a refusal and never its value', async () => {
    const refusals = [
      'Patient?identifier=a|010190-900P|c',
      'Patient?birthdate=010190-900P',
      'Task?patient=x/010190-900P',
      'Task?010190-900P=1',
      'Patient?identifier:010190-900P=1',
    ];
    for (const text of refusals) {
      const error: Error = await fixture.search(text).then(
        () => new Error('not refused'),
        (refusal: Error) => refusal,
      );
      const code = text.slice(text.indexOf('?') + 1, text.search(/[:=]/));
      expect(error.message).toContain(code.replace(/\d+/g, '…'));
      expect(JSON.stringify(error) + error.message).not.toContain('9006');
    }
  });

  it('refuses a type that is none', async () => {
    await expect(fixture.search('Nonsense?a=b')).rejects.toMatchObject({ code: 'not-supported' });
    await expect(fixture.search('DomainResource')).rejects.toMatchObject({ code: 'not-supported' });
  });

  it.each([
    ['Task?_sort=_id', ['t1', 't2']],
    ['Task?_sort=-_id', ['t2', 't1']],
    ['Task?_sort=-_lastUpdated', ['t2', 't1']],
    ['Task?_sort=status', ['t2', 't1']],
    ['Task?_sort=-authored-on', ['t2', 't1']],
    ['Task?_sort=code', ['t1', 't2']],
    ['Task?_sort=-code', ['t1', 't2']],
    ['Patient?_sort=family,-given', ['eino', 'aino']],
    ['Patient?_sort=birthdate', ['aino', 'eino']],
    ['Task?_sort=patient', ['t1', 't2']],
  ])('sorts %s', async (text, ids) => {
    expect(await fixture.find(text)).toEqual(ids);
    // Each page of one, by every kind of sort key.
    const visited: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await fixture.search(`${text}&_count=1`, undefined, cursor);
      visited.push(...page.matches.map((each) => each.id));
      cursor = page.next;
    } while (cursor !== undefined && visited.length < 9);
    expect(visited).toEqual(ids);
  });

  it('counts', async () => {
    expect(await fixture.search('Task?_summary=count')).toEqual({ matches: [], included: [], total: 2 });
    expect(await fixture.search('Task?_count=0&status=accepted')).toEqual({
      matches: [],
      included: [],
      total: 1,
    });
    expect((await fixture.search('Task?_total=accurate&_count=1')).total).toBe(2);
    expect((await fixture.search('Task?_count=1')).total).toBeUndefined();
    expect((await fixture.search('Task')).total).toBe(2);
    expect((await fixture.search('Task?_total=none')).total).toBeUndefined();
  });

  it.each([
    ['Task?_include=Task:patient', ['Patient/aino', 'Patient/eino']],
    ['Task?_include=Task:subject:Patient&status=accepted', ['Patient/eino']],
    ['Task?_include=Task:subject:Group', []],
    ['Task?_include=Task:based-on&status=accepted', ['Task/t1']],
    ['Task?_include=Task:based-on', []],
    ['Patient?_revinclude=Task:patient&_id=aino', ['Task/t1']],
    [
      'Patient?_revinclude=Task:patient&_revinclude=QuestionnaireResponse:subject&_id=aino',
      ['Task/t1', 'QuestionnaireResponse/r1'],
    ],
    ['QuestionnaireResponse?_include=QuestionnaireResponse:questionnaire', ['Questionnaire/q1']],
  ])('includes by %s', async (text, references) => {
    const page = await fixture.search(text);
    expect(page.included.map((each) => `${each.type}/${each.id}`)).toEqual(references);
  });

  describe('as a citizen', () => {
    const citizen = { patientId: 'aino', sectors: ['health', 'social'] as const };

    it.each([
      ['Task', ['t1']],
      ['Task?patient=Patient/eino', []],
      ['Task?_id=t2', []],
      ['Patient', ['aino']],
      ['Patient?_id=eino', []],
      ['Questionnaire', ['q1']],
      ['Observation', ['o1']],
      ['Patient?_has:Task:patient:_id=t2', []],
    ])('sees only the own compartment and what is in none: %s', async (text, ids) => {
      expect(await fixture.find(text, citizen)).toEqual(ids);
    });

    it('learns nothing of others by totals, chains or includes', async () => {
      expect((await fixture.search('Task?_total=accurate', citizen)).total).toBe(1);
      expect(await fixture.find('Task?_has:Task:based-on:status=accepted', citizen)).toEqual([]);
      expect(await fixture.find('Task?_has:Task:based-on:status=accepted')).toEqual(['t1']);
      const page = await fixture.search('Task?_revinclude=Task:based-on', citizen);
      expect(page.included).toEqual([]);
      expect((await fixture.search('Task?_revinclude=Task:based-on&_id=t1')).included).toHaveLength(1);
    });

    it('sees only the shared types when these are named', async () => {
      const narrow = { ...citizen, sharedTypes: new Set(['Organization']) };
      expect(await fixture.find('Questionnaire', narrow)).toEqual([]);
      const page = await fixture.search(
        'QuestionnaireResponse?_include=QuestionnaireResponse:questionnaire',
        narrow,
      );
      expect(page.matches.map((each) => each.id)).toEqual(['r1']);
      expect(page.included).toEqual([]);
    });

    it('without a patient sees no compartment', async () => {
      expect(await fixture.find('Task', { ...citizen, patientId: '' })).toEqual([]);
    });
  });

  it('confines to the sectors of the caller, in chains too', async () => {
    const social = { sectors: ['social'] as const };
    expect(await fixture.find('Task', social)).toEqual(['t2']);
    expect(await fixture.find('Task?patient.family=makela', social)).toEqual([]);
    expect(await fixture.find('Task', { sectors: [] })).toEqual([]);
  });

  it('follows updates and deletions', async () => {
    const id = await fixture.create({
      resourceType: 'Flag',
      status: 'active',
      code: { text: 'x' },
      subject: { reference: 'Patient/aino' },
    });
    expect(await fixture.find('Flag?patient=aino')).toEqual([id]);
    const resource = {
      resourceType: 'Flag',
      id,
      status: 'inactive',
      code: { text: 'x' },
      subject: { reference: 'Patient/eino' },
    };
    await fixture.store.write([{ kind: 'update', resource }], BY_GATEWAY);
    expect(await fixture.find('Flag?patient=aino')).toEqual([]);
    expect(await fixture.find('Flag?patient=eino')).toEqual([id]);
    await fixture.store.write([{ kind: 'delete', type: 'Flag', id }], BY_GATEWAY);
    expect(await fixture.find('Flag')).toEqual([]);
  });
});
