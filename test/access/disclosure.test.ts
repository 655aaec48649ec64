import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Access, createAccess } from '../../src/access/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import { GATEWAY, SECTOR_SYSTEM } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import { createStore, type Store } from '../../src/store/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let database: TestDatabase;
let store: Store;
let access: Access;
beforeAll(async () => {
  database = await createTestDatabase();
  const definitions = await loadDefinitions({ profiles: 'profiles' });
  const clock = () => new Date('2026-07-07T07:07:07Z');
  store = createStore({ database: database.database, definitions, clock });
  access = createAccess({ definitions, store, clock });
});
afterAll(() => database.drop());

function consent(id: string, patientId: string, status = 'active'): Resource & { readonly id: string } {
  return {
    resourceType: 'Consent',
    id,
    status,
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ text: 'disclosure across sectors' }],
    patient: { reference: `Patient/${patientId}` },
    provision: {
      type: 'permit',
      securityLabel: [{ system: SECTOR_SYSTEM, code: 'health' }],
      actor: [
        {
          role: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
          },
          reference: { identifier: { system: SECTOR_SYSTEM, value: 'social' } },
        },
      ],
    },
  };
}

const write = (resource: Resource & { readonly id: string }) =>
  store.write([{ kind: 'update', resource, orCreate: true }], { principal: GATEWAY, requestId: 'consents' });
const ask = (...patientIds: string[]) =>
  access.mayDisclose({ type: 'Task', resourceSector: 'health', systemSector: 'social', patientIds });

describe('disclosure to a system', () => {
  it('of the same sector needs no consent', async () => {
    const within = {
      type: 'Task',
      resourceSector: 'social',
      systemSector: 'social',
      patientIds: ['unknown'],
    } as const;
    expect(await access.mayDisclose(within)).toEqual({ allowed: true, reason: 'same sector' });
  });

  it('of the other sector is refused for what names no patient, and free for what is published', async () => {
    const across = { resourceSector: 'social', systemSector: 'health', patientIds: [] } as const;
    for (const type of ['Organization', 'Questionnaire', 'PractitionerRole']) {
      expect((await access.mayDisclose({ ...across, type })).allowed).toBe(true);
    }
    for (const type of ['QuestionnaireResponse', 'Binary', 'Group', 'Task', 'Patient']) {
      expect(await access.mayDisclose({ ...across, type })).toEqual({
        allowed: false,
        reason: 'no patient is known who could consent from social to health',
      });
    }
  });

  it('of the other sector needs the consent of every patient concerned', async () => {
    expect(await ask('one')).toEqual({
      allowed: false,
      reason: 'no active consent permits disclosure from health to social',
    });
    await write(consent('consent-one', 'one'));
    expect((await ask('one')).allowed).toBe(true);
    expect((await ask('one', 'two')).allowed).toBe(false);
    await write(consent('consent-two', 'two'));
    expect((await ask('one', 'two')).allowed).toBe(true);
  });

  it('stops at once when the consent is withdrawn', async () => {
    await write(consent('consent-three', 'three'));
    expect((await ask('three')).allowed).toBe(true);
    await write(consent('consent-three', 'three', 'inactive'));
    expect((await ask('three')).allowed).toBe(false);
  });

  it('finds the one consent that counts among more than a page of them', async () => {
    for (let n = 0; n < 60; n++) {
      await write({ ...consent(`other-${n}`, 'many'), scope: { text: 'treatment' } });
    }
    expect((await ask('many')).allowed).toBe(false);
    await write(consent('the-one', 'many'));
    expect((await ask('many')).allowed).toBe(true);
  });

  it('of what belongs to no known patient is refused', async () => {
    expect(await ask()).toEqual({
      allowed: false,
      reason: 'no patient is known who could consent from health to social',
    });
  });
});
