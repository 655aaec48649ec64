import { describe, expect, it } from '@jest/globals';
import { mergeOwned } from '../../../src/delivery/inbound/merge-owned.ts';
import { checkTransition } from '../../../src/delivery/inbound/status-transitions.ts';
import type { SiltaError } from '../../../src/outcome.ts';

const current = {
  resourceType: 'Task',
  id: 't9',
  status: 'requested',
  intent: 'order',
  note: [{ text: 'old' }],
};

describe('what a message changes', () => {
  it('is confined to the elements the system owns', () => {
    const mapped = { resourceType: 'Task', status: 'completed', intent: 'plan', description: 'foreign' };
    expect(mergeOwned(current, mapped, ['status', 'Task.note'])).toEqual({ ...current, status: 'completed' });
  });

  it('keeps an owned element the message says nothing about', () => {
    expect(
      mergeOwned(current, { resourceType: 'Task', status: 'accepted' }, ['note', 'status']),
    ).toMatchObject({
      note: [{ text: 'old' }],
    });
  });

  it('is nothing when everything stands already', () => {
    const mapped = { resourceType: 'Task', status: 'requested', note: [{ text: 'old' }] };
    expect(mergeOwned(current, mapped, ['status', 'note'])).toBeUndefined();
  });
});

describe('a status', () => {
  const become = (type: string, from: string, to: string) => () =>
    checkTransition({ resourceType: type, id: 'x4', status: from }, { resourceType: type, status: to });

  it.each([
    ['Task', 'requested', 'completed'],
    ['Task', 'in-progress', 'on-hold'],
    ['Task', 'completed', 'completed'],
    ['Task', 'completed', 'entered-in-error'],
    ['CarePlan', 'on-hold', 'active'],
    ['Appointment', 'booked', 'fulfilled'],
  ])('of a %s may go from %s to %s', (type, from, to) => {
    expect(become(type, from, to)).not.toThrow();
  });

  it.each([
    ['Task', 'completed', 'in-progress'],
    ['Task', 'cancelled', 'requested'],
    ['Task', 'entered-in-error', 'completed'],
    ['Task', 'in-progress', 'draft'],
    ['CarePlan', 'revoked', 'active'],
    ['Appointment', 'noshow', 'booked'],
  ])('of a %s may not go from %s to %s', (type, from, to) => {
    let thrown: unknown;
    try {
      become(type, from, to)();
    } catch (error) {
      thrown = error;
    }
    const { code, issues, message } = thrown as SiltaError;
    expect(code).toBe('conflict');
    expect(message).toContain(`${type}/x4 is ${from} and cannot become ${to}`);
    expect(issues[0]).toMatchObject({ expression: [`${type}.status`], key: 'status-transition' });
  });
});
