import { describe, expect, it } from '@jest/globals';
import { createAccess } from '../../src/access/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import { GATEWAY, type Principal, type Scope, SECTOR_SYSTEM } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import type { Store, StoredVersion } from '../../src/store/index.ts';

const definitions = await loadDefinitions({ profiles: 'profiles' });
const neverSearched: Pick<Store, 'search'> = {
  search: () => Promise.reject(new Error('these decisions need no search')),
};
const access = createAccess({ definitions, store: neverSearched, clock: () => new Date('2026-03-03') });

function scope(level: Scope['level'], resource: string, letters: string): Scope {
  return { level, resource, permissions: new Set(letters) as Scope['permissions'] };
}

const citizen: Principal = {
  kind: 'citizen',
  who: 'Patient/k41',
  patientId: 'k41',
  scopes: [scope('patient', '*', 'cruds')],
  sectors: ['health', 'social'],
};
const portal: Principal = {
  kind: 'system',
  who: 'Device/portal',
  clientId: 'portal',
  scopes: [scope('system', 'Task', 'cru'), scope('system', 'CarePlan', 's')],
  sectors: ['health'],
};

function stored(resource: Resource, change: Partial<StoredVersion> = {}): StoredVersion {
  return {
    type: resource.resourceType,
    id: resource.id ?? 'x9',
    versionId: 3,
    lastUpdated: '2026-02-02T10:11:12.131Z',
    method: 'update',
    content: JSON.stringify(resource),
    patients: ['k41'],
    sector: 'health',
    ...change,
  };
}

const label = (code: string) => ({ system: SECTOR_SYSTEM, code });
const self = { reference: 'Patient/k41' };
const answer: Resource = {
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  questionnaire: 'https://silta.example/fhir/Questionnaire/bdi-shell|1.0.0',
  subject: self,
};
const task: Resource = {
  resourceType: 'Task',
  id: 't5',
  meta: { security: [label('health')] },
  status: 'requested',
  intent: 'order',
  for: self,
};

describe('scopes', () => {
  it.each([
    ['read', 'Task', true],
    ['vread', 'Task', true],
    ['history', 'Task', true],
    ['create', 'Task', true],
    ['update', 'Task', true],
    ['search', 'Task', false],
    ['delete', 'Task', false],
    ['search', 'CarePlan', true],
    ['read', 'CarePlan', false],
    ['read', 'Patient', false],
  ] as const)('decide whether a system may %s a %s: %s', (interaction, type, allowed) => {
    const attempt = () => access.authorize(portal, interaction, type);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });

  it('of another level than the caller grant nothing', () => {
    const confused = { ...portal, scopes: [scope('user', '*', 'cruds'), scope('patient', '*', 'cruds')] };
    expect(() => access.authorize(confused, 'read', 'Task')).toThrow('No granted scope');
    const systemScoped = { ...citizen, scopes: [scope('system', '*', 'cruds')] };
    expect(() => access.authorize(systemScoped, 'read', 'Task')).toThrow('No granted scope');
  });

  it('do not let anyone rewrite what happened', () => {
    const all = { ...portal, scopes: [scope('system', '*', 'cruds')] };
    expect(() => access.authorize(all, 'create', 'AuditEvent')).not.toThrow();
    expect(() => access.authorize(all, 'update', 'AuditEvent')).toThrow('never changed');
    expect(() => access.authorize(all, 'delete', 'Provenance')).toThrow('never changed');
  });

  it('bind everyone but the gateway', () => {
    expect(() => access.authorize(GATEWAY, 'delete', 'Provenance')).not.toThrow();
  });
});

describe('what a caller may see', () => {
  it.each([
    ['their own Task', task, {}, true],
    ["another's Task", task, { patients: ['other'] }, false],
    ['a Task of nobody', task, { patients: [] }, false],
    ['themselves', { resourceType: 'Patient', id: 'k41' }, {}, true],
    ['another Patient', { resourceType: 'Patient', id: 'p2' }, { patients: ['p2'] }, false],
    ['a questionnaire', { resourceType: 'Questionnaire' }, { patients: [] }, true],
    ['an attachment that is in no compartment', { resourceType: 'Binary' }, { patients: [] }, false],
    ['a subscription', { resourceType: 'Subscription' }, { patients: [] }, false],
  ] as const)('a citizen sees %s: %#', (_what, resource, change, visible) => {
    expect(access.maySee(citizen, stored(resource, change))).toBe(visible);
  });

  it('is confined to the sectors of the caller', () => {
    expect(access.maySee(portal, stored(task))).toBe(true);
    expect(access.maySee(portal, stored(task, { sector: 'social' }))).toBe(false);
    expect(access.visibility(portal)).toEqual({ sectors: ['health'] });
    expect(access.visibility(citizen)).toMatchObject({ patientId: 'k41', sectors: ['health', 'social'] });
    expect(access.visibility(citizen).sharedTypes?.has('Binary')).toBe(false);
  });

  it('does not tell what is hidden from what is not there', () => {
    const refusals = [undefined, stored(task, { patients: ['other'] })].map((found) => {
      try {
        return access.authorizeStored(citizen, 'Task', found);
      } catch (error) {
        return { ...(error as Error), message: (error as Error).message, cause: undefined };
      }
    });
    expect(refusals[0]).toEqual(refusals[1]);
    expect(refusals[0]).toMatchObject({ code: 'not-found' });
  });

  it('is nothing of a person for a citizen who is not matched to a Patient', () => {
    const { patientId: _, ...unmatched } = citizen;
    const known = { ...unmatched, scopes: [scope('user', '*', 'cruds')] };
    expect(access.maySee(known, stored(task))).toBe(false);
    expect(access.visibility(known).patientId).toBe('');
  });
});

describe('answers of a citizen', () => {
  const admit = (resource: Resource, current?: Resource) =>
    access.admitWrite(citizen, { resource, ...(current && { current: stored(current) }) });

  it('get their author, source and sector from who is signed in', () => {
    expect(admit(answer)).toMatchObject({
      author: self,
      source: self,
      meta: { security: [label('health')] },
    });
  });

  it('take the sector of their questionnaire', () => {
    const questionnaire = { resourceType: 'Questionnaire', meta: { security: [label('social')] } };
    const admitted = access.admitWrite(citizen, { resource: answer, questionnaire });
    expect(admitted.meta?.security).toEqual([label('social')]);
  });

  it.each([
    ['about another', { subject: { reference: 'Patient/k42' } }, 'QuestionnaireResponse.subject'],
    ['about nobody', { subject: undefined }, 'QuestionnaireResponse.subject'],
    [
      'about an absolute reference',
      { subject: { reference: 'http://x/Patient/k41' } },
      'QuestionnaireResponse.subject',
    ],
    ['written by another', { author: { reference: 'Practitioner/d1' } }, 'QuestionnaireResponse.author'],
    ['from another', { source: { reference: 'RelatedPerson/r1' } }, 'QuestionnaireResponse.source'],
    ['to no questionnaire', { questionnaire: undefined }, 'QuestionnaireResponse.questionnaire'],
    ['already amended', { status: 'amended' }, 'QuestionnaireResponse.status'],
    [
      'with a label of their own',
      { meta: { security: [{ system: 'urn:x', code: 'R' }] } },
      'QuestionnaireResponse.meta.security',
    ],
  ])('are refused %s', (_what, change, expression) => {
    const changed = Object.fromEntries(
      Object.entries({ ...answer, ...change }).filter(([, value]) => value !== undefined),
    );
    expect(() => admit(changed as Resource)).toThrow(
      expect.objectContaining({
        code: 'forbidden',
        issues: [expect.objectContaining({ expression: [expression] })],
      }),
    );
  });

  it('are not taken back into work, nor moved to another questionnaire or away from their author', () => {
    const given = { ...answer, author: self, source: self };
    expect(() => admit({ ...answer, status: 'in-progress' }, given)).toThrow("from 'completed'");
    expect(() => admit({ ...answer, status: 'amended', questionnaire: 'urn:other' }, given)).toThrow(
      'stays with',
    );
    const byProfessional = { ...given, author: { reference: 'Practitioner/d1' } };
    expect(() => admit({ ...answer, status: 'amended' }, byProfessional)).toThrow(
      'must refer to the Patient',
    );
    expect(admit({ ...answer, status: 'amended' }, given)['status']).toBe('amended');
  });
});

describe('answers of one who acts for another', () => {
  const guardian: Principal = { ...citizen, who: 'Patient/guardian', actsAs: 'RelatedPerson/r7' };
  const about = (more: object = {}): Resource => ({
    ...answer,
    subject: { reference: 'Patient/k41' },
    ...more,
  });

  it('are about the other, and by the one who acts', () => {
    expect(access.admitWrite(guardian, { resource: about() })).toMatchObject({
      subject: { reference: 'Patient/k41' },
      author: { reference: 'RelatedPerson/r7' },
      source: { reference: 'RelatedPerson/r7' },
    });
  });

  it.each([
    ['in the other’s name', { author: { reference: 'Patient/k41' } }],
    ['about themselves', { subject: { reference: 'Patient/guardian' } }],
    ['in somebody else’s name', { source: { reference: 'RelatedPerson/r8' } }],
  ])('are never given %s', (_what, more) => {
    expect(() => access.admitWrite(guardian, { resource: about(more) })).toThrow('must refer to');
  });
});

describe('a citizen and Tasks', () => {
  const admit = (change: object, current: Resource = task) =>
    access.admitWrite(citizen, { resource: { ...current, ...change }, current: stored(current) });

  it('report progress with status and output', () => {
    const output = [{ type: { text: 'answer' }, valueReference: { reference: 'QuestionnaireResponse/q1' } }];
    expect(admit({ status: 'completed', output })).toMatchObject({ status: 'completed', output });
  });

  it.each([
    ['another priority', { priority: 'stat' }, 'Task.priority'],
    ['another person', { for: { reference: 'Patient/k42' } }, 'Task.for'],
    ['an illegal move', { status: 'failed' }, 'Task.status'],
    ['a note', { note: [{ text: 'x' }] }, 'Task.note'],
  ])('cannot write %s', (_what, change, expression) => {
    expect(() => admit(change)).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ expression: [expression] })] }),
    );
  });

  it("cannot settle what is a professional's", () => {
    const system = 'https://silta.example/fhir/CodeSystem/task-code';
    expect(() =>
      admit({ status: 'completed' }, { ...task, code: { coding: [{ system, code: 'contact' }] } }),
    ).toThrow('handled by the professionals');
    expect(() =>
      admit({ status: 'completed' }, { ...task, owner: { reference: 'Practitioner/d1' } }),
    ).toThrow('must refer to the Patient');
    expect(() => admit({ status: 'requested' }, { ...task, status: 'completed' })).toThrow(
      "from 'completed'",
    );
  });

  it('write nothing else, whatever their scopes', () => {
    for (const type of ['CarePlan', 'Patient', 'Consent', 'Observation']) {
      expect(() => access.authorize(citizen, 'create', type)).toThrow('cannot do');
      expect(() => access.authorize(citizen, 'update', type)).toThrow('cannot do');
    }
    expect(() => access.authorize(citizen, 'create', 'Task')).toThrow('cannot do');
    expect(() => access.authorize(citizen, 'delete', 'QuestionnaireResponse')).toThrow('cannot do');
    expect(() => access.authorize(citizen, 'search', 'Binary')).toThrow('cannot do');
  });
});

describe('sector labels', () => {
  const { meta: _, ...unlabelled } = task;
  const admit = (resource: Resource, current?: Resource, principal = portal) =>
    access.admitWrite(principal, { resource, ...(current && { current: stored(current) }) });

  it("default to the writer's registered sector", () => {
    expect(admit(unlabelled).meta?.security).toEqual([label('health')]);
    expect(admit(unlabelled, undefined, { ...portal, sectors: ['social'] }).meta?.security).toEqual([
      label('social'),
    ]);
  });

  it('outside the registration of the caller are refused', () => {
    expect(() => admit({ ...task, meta: { security: [label('social')] } })).toThrow("sector 'social'");
    expect(() => admit(unlabelled, undefined, { ...portal, sectors: [] })).toThrow('no sector');
  });

  it('must be one, and known', () => {
    const both = { ...task, meta: { security: [label('health'), label('social')] } };
    expect(() => admit(both)).toThrow('one sector only');
    expect(() => admit({ ...task, meta: { security: [label('school')] } })).toThrow("'health' or 'social'");
  });

  it('and other labels survive an update that leaves them out', () => {
    const restricted = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' };
    const current = { ...task, meta: { security: [restricted, label('health')] } };
    expect(admit(unlabelled, current).meta?.security).toEqual([restricted, label('health')]);
  });

  it('are not changed by an update, even by who works in both sectors', () => {
    const both: Principal = { ...portal, sectors: ['health', 'social'] };
    const moved = { ...task, meta: { security: [label('social')] } };
    expect(() => admit(moved, task, both)).toThrow('cannot be changed');
  });
});
