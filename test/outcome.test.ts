import { describe, expect, it } from '@jest/globals';
import { asSiltaError, type Issue, SiltaError, toOperationOutcome } from '../src/outcome.ts';

const finding = (index: number): Issue => ({
  severity: 'error',
  code: 'invalid',
  diagnostics: `finding ${index}`,
  expression: [`Task.note[${index}]`],
});

describe('an OperationOutcome', () => {
  it('shows every finding with its place', () => {
    expect(toOperationOutcome([finding(3)])).toEqual({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'invalid', diagnostics: 'finding 3', expression: ['Task.note[3]'] }],
    });
  });

  it('tells the number of those beyond what anybody reads', () => {
    const { issue } = toOperationOutcome(Array.from({ length: 1_234 }, (_, index) => finding(index)));
    expect(issue).toHaveLength(201);
    expect(issue[199]?.diagnostics).toBe('finding 199');
    expect(issue[200]).toMatchObject({
      severity: 'information',
      diagnostics: '1034 further findings are not shown.',
    });
  });

  it('says nothing of a failure that is not meant for callers', () => {
    const error = asSiltaError(new TypeError('secret 4711'));
    expect(error).toBeInstanceOf(SiltaError);
    expect(error.status).toBe(500);
    expect(JSON.stringify(toOperationOutcome(error.issues))).not.toContain('4711');
  });
});
