import { describe, expect, it } from '@jest/globals';
import type { Consent, ConsentProvision } from 'fhir/r4';
import { judgeConsents, type Transfer } from '../../src/access/consent.ts';
import { SECTOR_SYSTEM } from '../../src/principal.ts';

const ROLE = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
};
const transfer: Transfer = {
  from: 'social',
  to: 'health',
  patientId: 'p7',
  at: new Date('2026-05-05T12:00:00Z'),
};

function recipient(sector: string) {
  return { role: ROLE, reference: { identifier: { system: SECTOR_SYSTEM, value: sector } } };
}

function consent(provision: ConsentProvision | undefined, change: Partial<Consent> = {}): Consent {
  return {
    resourceType: 'Consent',
    status: 'active',
    patient: { reference: 'Patient/p7' },
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [],
    ...(provision && { provision }),
    ...change,
  };
}

const permit: ConsentProvision = {
  type: 'permit',
  securityLabel: [{ system: SECTOR_SYSTEM, code: 'social' }],
  actor: [recipient('health')],
};

describe('consents to disclosure across sectors', () => {
  it('permit what they name: these data, to this sector, of this person', () => {
    expect(judgeConsents([consent(permit)], transfer)).toBe('permit');
    expect(judgeConsents([consent(permit)], { ...transfer, from: 'health', to: 'social' })).toBe('silent');
    expect(judgeConsents([consent(permit)], { ...transfer, patientId: 'p8' })).toBe('silent');
  });

  it.each([
    ['is not active', consent(permit, { status: 'inactive' })],
    ['is a proposal', consent(permit, { status: 'proposed' })],
    ['is about something else', consent(permit, { scope: { coding: [{ code: 'research' }] } })],
    ['has no provision', consent(undefined)],
    ['names no data', consent({ type: 'permit', actor: [recipient('health')] })],
    ['names no recipient', consent({ type: 'permit', securityLabel: permit.securityLabel ?? [] })],
    [
      'names a recipient in another role',
      consent({ ...permit, actor: [{ ...recipient('health'), role: {} }] }),
    ],
    ['has ended', consent({ ...permit, period: { end: '2026-05-04' } })],
    ['has not begun', consent({ ...permit, period: { start: '2026-05-06' } })],
    ['has a period that is no date', consent({ ...permit, period: { end: 'soon' } })],
    ['is limited to a purpose that is not evaluated', consent({ ...permit, purpose: [{ code: 'HRESCH' }] })],
    ['is for another action', consent({ ...permit, action: [{ coding: [{ code: 'correct' }] }] })],
  ])('permit nothing when the consent %s', (_why, given) => {
    expect(judgeConsents([given], transfer)).toBe('silent');
  });

  it('last through the day they end on', () => {
    expect(judgeConsents([consent({ ...permit, period: { end: '2026-05-05' } })], transfer)).toBe('permit');
    expect(judgeConsents([consent({ ...permit, period: { end: '2026-05' } })], transfer)).toBe('permit');
    expect(judgeConsents([consent({ ...permit, period: { end: '2026' } })], transfer)).toBe('permit');
    expect(judgeConsents([consent({ ...permit, period: { end: '2026-05-05T11:59:00Z' } })], transfer)).toBe(
      'silent',
    );
  });

  it('give way to an exception inside them', () => {
    const except = { ...permit, provision: [{ type: 'deny' as const, actor: [recipient('health')] }] };
    expect(judgeConsents([consent(except)], transfer)).toBe('deny');
    const elsewhere = { ...permit, provision: [{ type: 'deny' as const, actor: [recipient('social')] }] };
    expect(judgeConsents([consent(elsewhere)], transfer)).toBe('permit');
  });

  it('resolve a conflict to the denial', () => {
    expect(judgeConsents([consent(permit), consent({ type: 'deny' })], transfer)).toBe('deny');
  });
});
