import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ageOf,
  judgeMandate,
  type MandateFacts,
  mandateRulesSchema,
} from '../../../src/identity/mandates/mandate-rules.ts';
import { checksum, signValtuudetRequest } from '../../../src/identity/mandates/valtuudet-header.ts';

const THEME = 'http://valtuusrekisteri.suomi.fi/terveydenhuollon_asioiden_hoito';
const TODAY = new Date('2026-11-22T10:00:00Z');
const facts = (more: Partial<MandateFacts>): MandateFacts => ({
  roles: ['ALL'],
  birthDate: '2016-05-02',
  today: TODAY,
  ...more,
});
/** Kymenlaakso's: guardians act for children under twelve. */
const kymenlaakso = mandateRulesSchema.parse({ guardianUntilAge: 12, themes: [THEME] });

describe('the checksum of the mandate service', () => {
  // A public unit-test vector of the API; the person is invented.
  const path = (kind: string) =>
    `/service/${kind}/user/register/ed4b7ae7/080297-915A?requestId=02fd35dc-99e6-477b-b6e2-03f02cbf3666`;
  const key = '3ba56df8-88b8-4805-9b04-2f8e7a61';

  it.each([
    ['hpa', 'z7X+xWtrvth1L7Ql6B/4xZ0iQ1VjToWX4TnHVLo8RGo='],
    ['ypa', 'z1xDqaSjDwnVniJvis0SqMXeQEBtgBgzozhQqftmY9U='],
  ])('is that of the published example for %s', (kind, expected) => {
    expect(checksum(path(kind), '2017-02-09T10:29:42.09Z', key)).toBe(expected);
  });

  it('stands behind client id and instant, with single spaces', () => {
    const value = signValtuudetRequest('/service/x', { clientId: 'ed4b7ae7', key }, TODAY);
    expect(value.split(' ')).toEqual([
      'ed4b7ae7',
      '2026-11-22T10:00:00.000Z',
      checksum('/service/x', '2026-11-22T10:00:00.000Z', key),
    ]);
  });
});

describe('acting for a child', () => {
  it('is a guardian’s under the age that the county has set', () => {
    expect(judgeMandate(facts({}), kymenlaakso)).toEqual({ allowed: true, basis: 'guardian' });
  });

  it.each<[string, Partial<MandateFacts>, string]>([
    ['nobody’s without the population register’s role', { roles: [] }, 'no-role'],
    ['no adult mandate’s', { roles: [THEME] }, 'no-role'],
    ['closed from that age on when nothing is recorded', { birthDate: '2014-11-22' }, 'minor-not-recorded'],
    ['closed when the child forbids it, at any age', { minorDataCode: '3' }, 'minor-forbids'],
    [
      'closed when the child’s ability is not known',
      { minorDataCode: '4', birthDate: '2012-01-01' },
      'minor-forbids',
    ],
  ])('is %s', (_what, more, reason) => {
    expect(judgeMandate(facts(more), kymenlaakso)).toEqual({ allowed: false, reason });
  });

  it.each(['1', '2'] as const)('is open to the end of minority by the recorded code %s', (minorDataCode) => {
    const late = facts({ birthDate: '2008-11-23', minorDataCode });
    expect(judgeMandate(late, kymenlaakso)).toEqual({ allowed: true, basis: 'guardian' });
  });

  it('ends on the eighteenth birthday, at midnight in Finland', () => {
    const birthday = facts({ birthDate: '2008-11-23', minorDataCode: '2' });
    const before = { ...birthday, today: new Date('2026-11-22T21:59:59Z') };
    const after = { ...birthday, today: new Date('2026-11-22T22:00:00Z') };
    expect(judgeMandate(before, kymenlaakso).allowed).toBe(true);
    expect(judgeMandate(after, kymenlaakso)).toEqual({ allowed: false, reason: 'theme-not-accepted' });
  });
});

describe('acting for an adult', () => {
  const adult = { birthDate: '1980-02-01' };

  it('needs a mandate of a theme that the county accepts', () => {
    expect(judgeMandate(facts({ ...adult, roles: [THEME] }), kymenlaakso)).toEqual({
      allowed: true,
      basis: 'mandate',
    });
    expect(judgeMandate(facts({ ...adult, roles: ['http://x.example/other'] }), kymenlaakso).allowed).toBe(
      false,
    );
    expect(judgeMandate(facts({ ...adult, roles: [] }), kymenlaakso)).toEqual({
      allowed: false,
      reason: 'no-role',
    });
  });

  it('is an appointed guardian’s only where the county says so', () => {
    const guardian = facts({ ...adult, roles: ['GUARDIAN'] });
    expect(judgeMandate(guardian, kymenlaakso).allowed).toBe(false);
    expect(judgeMandate(guardian, { ...kymenlaakso, appointedGuardians: true })).toMatchObject({
      allowed: true,
    });
  });
});

it('never allows anything without a role, whatever else is known', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1930-01-01'), max: TODAY, noInvalidDate: true }),
      fc.option(fc.constantFrom('1', '2', '3', '4'), { nil: undefined }),
      fc.integer({ min: 0, max: 18 }),
      (born, minorDataCode, guardianUntilAge) => {
        const given = facts({
          roles: [],
          birthDate: born.toISOString().slice(0, 10),
          ...(minorDataCode !== undefined && { minorDataCode: minorDataCode as '1' }),
        });
        expect(judgeMandate(given, { ...kymenlaakso, guardianUntilAge }).allowed).toBe(false);
      },
    ),
  );
});

it('counts full years', () => {
  expect(ageOf('2016-11-22', TODAY)).toBe(10);
  expect(ageOf('2016-11-23', TODAY)).toBe(9);
  expect(ageOf('2008-02-29', new Date('2026-02-28T12:00:00Z'))).toBe(17);
});
