import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatScope, narrowScopes, parseScope, parseScopes } from '../../src/identity/scopes.ts';

describe('SMART scopes', () => {
  it.each([
    ['patient/QuestionnaireResponse.cruds', 'patient/QuestionnaireResponse.cruds'],
    ['system/*.rs', 'system/*.rs'],
    ['user/Task.u', 'user/Task.u'],
    ['patient/Observation.read', 'patient/Observation.rs'],
    ['patient/Observation.write', 'patient/Observation.cud'],
    ['patient/*.*', 'patient/*.cruds'],
  ])('reads %s as %s', (text, expected) => {
    const scope = parseScope(text);
    expect(scope && formatScope(scope)).toBe(expected);
  });

  it.each([
    'patient/Observation.sr',
    'patient/Observation.rr',
    'patient/Observation.',
    'patient/Observation.x',
    'patient/Observation',
    'patient/observation.r',
    'patient/Observation.rs?category=vital-signs',
    'patients/Observation.r',
    'patient/Observation.r ',
    'patient/Observation.constructor',
    'openid',
    '',
  ])('grants nothing for %p', (text) => {
    expect(parseScope(text)).toBeUndefined();
  });

  it('reads the resource scopes of a list and leaves the rest', () => {
    expect(parseScopes('openid launch/patient patient/Task.rs patient/X.sr').map(formatScope)).toEqual([
      'patient/Task.rs',
    ]);
  });

  it('narrows a wildcard to what is registered, and a registered wildcard to what is asked', () => {
    expect(narrowScopes('patient/*.rs', ['patient/Task.cruds', 'patient/CarePlan.r'])).toEqual([
      'patient/CarePlan.r',
      'patient/Task.rs',
    ]);
    expect(narrowScopes('patient/Task.cruds', ['patient/*.rs'])).toEqual(['patient/Task.rs']);
  });

  it('joins what several scopes give', () => {
    expect(narrowScopes('patient/Task.r patient/Task.s', ['patient/*.cruds'])).toEqual(['patient/Task.rs']);
  });

  it('gives context scopes only when registered', () => {
    expect(narrowScopes('openid fhirUser offline_access', ['openid'])).toEqual(['openid']);
  });

  const scope = fc
    .record({
      level: fc.constantFrom('patient', 'user', 'system'),
      resource: fc.constantFrom('*', 'Task', 'CarePlan', 'Observation'),
      letters: fc.subarray(['c', 'r', 'u', 'd', 's'], { minLength: 1 }),
    })
    .map(({ level, resource, letters }) => `${level}/${resource}.${letters.join('')}`);
  const covers = (scopes: readonly string[], level: string, resource: string, letter: string): boolean =>
    parseScopes(scopes.join(' ')).some(
      (each) =>
        each.level === level &&
        (each.resource === '*' || each.resource === resource) &&
        each.permissions.has(letter as 'c'),
    );

  it('gives exactly what is both asked for and registered', () => {
    fc.assert(
      fc.property(
        fc.array(scope, { maxLength: 4 }),
        fc.array(scope, { maxLength: 4 }),
        (asked, registered) => {
          const granted = narrowScopes(asked.join(' '), registered);
          expect(narrowScopes(granted.join(' '), registered)).toEqual(granted);
          for (const level of ['patient', 'user', 'system']) {
            for (const resource of ['Task', 'CarePlan', 'Observation', 'Encounter']) {
              for (const letter of 'cruds') {
                const both =
                  covers(asked, level, resource, letter) && covers(registered, level, resource, letter);
                expect(covers(granted, level, resource, letter)).toBe(both);
              }
            }
          }
        },
      ),
    );
  });
});
