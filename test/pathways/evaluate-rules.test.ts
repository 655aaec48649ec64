import { describe, expect, it } from '@jest/globals';
import type { ActivityDefinition, DataRequirement, PlanDefinition, PlanDefinitionAction } from 'fhir/r4';
import { SiltaError } from '../../src/outcome.ts';
import { evaluateRules, type Firing } from '../../src/pathways/index.ts';
import type { Resource } from '../../src/resource.ts';

const NOW = new Date('2027-01-31T22:15:00.000Z');

const activity: ActivityDefinition = {
  resourceType: 'ActivityDefinition',
  status: 'active',
  url: 'urn:test:visit',
  kind: 'Task',
  priority: 'asap',
  description: 'Visit',
  participant: [{ type: 'practitioner' }],
};

function planOf(...action: readonly PlanDefinitionAction[]): PlanDefinition {
  return {
    resourceType: 'PlanDefinition',
    status: 'active',
    url: 'urn:test:plan',
    version: '4.2.0',
    action: [...action],
  };
}

function rule(extra: Partial<PlanDefinitionAction> = {}): PlanDefinitionAction {
  return {
    id: 'r',
    trigger: [{ type: 'data-changed', data: [{ type: 'Task' }] }],
    definitionCanonical: 'urn:test:visit',
    ...extra,
  };
}

function when(expression: string): Pick<PlanDefinitionAction, 'condition'> {
  return { condition: [{ kind: 'applicability', expression: { language: 'text/fhirpath', expression } }] };
}

const task: Resource = {
  resourceType: 'Task',
  id: 't-9',
  status: 'completed',
  for: { reference: 'Patient/p-6' },
  code: { coding: [{ system: 'urn:test:codes', code: 'swim' }] },
};

function fire(
  plan: PlanDefinition,
  {
    resource = task,
    previous,
    known = activity,
  }: { resource?: Resource; previous?: Resource; known?: ActivityDefinition | undefined } = {},
): readonly Firing[] {
  let count = 0;
  return evaluateRules({
    plans: [plan],
    activity: (canonical) => (canonical.split('|')[0] === known.url ? known : undefined),
    resource,
    ...(previous && { previous }),
    now: NOW,
    uuid: () => `u${++count}`,
  });
}

function failureOf(work: () => unknown): SiltaError {
  try {
    work();
  } catch (error) {
    if (error instanceof SiltaError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('triggers', () => {
  it('look at any resource type, and only at that type', () => {
    expect(fire(planOf(rule()))).toHaveLength(1);
    expect(fire(planOf(rule()), { resource: { ...task, resourceType: 'Goal' } })).toEqual([]);
  });

  it('tell a new resource from a changed one', () => {
    const added = rule({ trigger: [{ type: 'data-added', data: [{ type: 'Task' }] }] });
    const modified = rule({
      trigger: [{ type: 'data-modified', data: [{ type: 'Task' }] }],
      ...when("status = 'completed'"),
    });
    const previous = { ...task, status: 'in-progress' };
    expect(fire(planOf(added))).toHaveLength(1);
    expect(fire(planOf(added), { previous })).toEqual([]);
    expect(fire(planOf(modified))).toEqual([]);
    expect(fire(planOf(modified), { previous })).toHaveLength(1);
  });

  it('filter by code, with the system when one is given', () => {
    const filtered = (code: string, system?: string) =>
      planOf(
        rule({
          trigger: [
            {
              type: 'data-added',
              data: [
                { type: 'Task', codeFilter: [{ path: 'code', code: [{ code, ...(system && { system }) }] }] },
              ],
            },
          ],
        }),
      );
    expect(fire(filtered('swim'))).toHaveLength(1);
    expect(fire(filtered('swim', 'urn:test:codes'))).toHaveLength(1);
    expect(fire(filtered('swim', 'urn:test:other'))).toEqual([]);
    expect(fire(filtered('run'))).toEqual([]);
  });

  it('accept only the named version of a canonical', () => {
    const filtered = (code: string) =>
      planOf(
        rule({
          trigger: [
            {
              type: 'data-added',
              data: [{ type: 'Task', codeFilter: [{ path: 'instantiatesCanonical', code: [{ code }] }] }],
            },
          ],
        }),
      );
    const resource = { ...task, instantiatesCanonical: 'urn:test:a|2.0.0' };
    expect(fire(filtered('urn:test:a|2.0.0'), { resource })).toHaveLength(1);
    expect(fire(filtered('urn:test:a'), { resource })).toHaveLength(1);
    expect(fire(filtered('urn:test:a|1.0.0'), { resource })).toEqual([]);
  });

  it('may carry a condition of their own', () => {
    const conditional = (expression: string) =>
      planOf(
        rule({
          trigger: [
            {
              type: 'data-added',
              data: [{ type: 'Task' }],
              condition: { language: 'text/fhirpath', expression },
            },
          ],
        }),
      );
    expect(fire(conditional("%resource.status = 'completed'"))).toHaveLength(1);
    expect(fire(conditional("%resource.status = 'failed'"))).toEqual([]);
  });

  it('refuse a filter that is not evaluated instead of never matching', () => {
    const data: DataRequirement[] = [
      { type: 'Task', codeFilter: [{ path: 'code', valueSet: 'urn:test:vs' }] },
    ];
    const error = failureOf(() => fire(planOf(rule({ trigger: [{ type: 'data-added', data }] }))));
    expect(error.code).toBe('not-supported');
    expect(error.message).toContain("urn:test:plan|4.2.0, action 'r'");
  });
});

describe('plans', () => {
  it.each(['draft', 'retired', 'unknown'] as const)('that are %s do not fire', (status) => {
    expect(fire({ ...planOf(rule()), status })).toEqual([]);
  });

  it('fire within their effective period, its last day included', () => {
    const within = (effectivePeriod: { start?: string; end?: string }) =>
      fire({ ...planOf(rule()), effectivePeriod }).length;
    expect(within({ start: '2027-01-01', end: '2027-01-31' })).toBe(1);
    expect(within({ end: '2027-01-30' })).toBe(0);
    expect(within({ start: '2027-02-01' })).toBe(0);
  });
});

describe('conditions', () => {
  it('of the groups around a rule hold for it, too', () => {
    const grouped = (expression: string) => planOf({ id: 'g', ...when(expression), action: [rule()] });
    expect(fire(grouped("status = 'completed'"))).toHaveLength(1);
    expect(fire(grouped("status = 'failed'"))).toEqual([]);
  });

  it('select among the actions below a rule', () => {
    const [firing] = fire(
      planOf({
        id: 'r',
        trigger: [{ type: 'data-added', data: [{ type: 'Task' }] }],
        action: [
          { id: 'a', definitionCanonical: 'urn:test:visit', ...when("status = 'failed'") },
          {
            id: 'b',
            definitionCanonical: 'urn:test:visit',
            ...when("status = 'completed'"),
            priority: 'stat',
          },
          { id: 'c', definitionCanonical: 'urn:test:visit' },
        ],
      }),
    );
    expect(firing?.resources.map((one) => one['priority'])).toEqual(['stat', 'asap']);
  });

  it('that cannot be parsed are named with plan, action and expression', () => {
    const error = failureOf(() => fire(planOf(rule(when('status = ')))));
    expect(error.code).toBe('invalid-resource');
    expect(error.message).toMatch(
      /^urn:test:plan\|4\.2\.0, action 'r': the expression 'status = ' cannot be used/,
    );
    expect(error.issues[0]).toMatchObject({
      key: 'plan-expression',
      expression: ['PlanDefinition.action[0].condition[0]'],
    });
  });

  it.each(['%unknown = 1', "'a' + 1 - 2", 'nonsense()', 'status'])(
    'that fail or yield no boolean are errors: %s',
    (expression) => {
      const error = failureOf(() => fire(planOf(rule(when(expression)))));
      expect(error.message).toContain(`'${expression}'`);
      expect(error.issues[0]?.key).toBe('plan-expression');
    },
  );

  it('in another language than FHIRPath are errors', () => {
    const condition: PlanDefinitionAction['condition'] = [
      { kind: 'applicability', expression: { language: 'text/cql', expression: 'true' } },
    ];
    expect(failureOf(() => fire(planOf(rule({ condition })))).message).toContain('text/fhirpath');
  });
});

describe('the Tasks of a rule', () => {
  it('are due by the timing of the action before that of the activity', () => {
    const timingDuration = { value: 1, code: 'mo', system: 'http://unitsofmeasure.org' };
    const known = { ...activity, timingDuration: { value: 2, code: 'h' } };
    const periodOf = (plan: PlanDefinition) => fire(plan, { known })[0]?.resources[0]?.['restriction'];
    expect(periodOf(planOf(rule()))).toEqual({
      period: { start: '2027-01-31T22:15:00.000Z', end: '2027-02-01T00:15:00.000Z' },
    });
    // A month after 31 January is the last of February.
    expect(periodOf(planOf(rule({ timingDuration })))).toEqual({
      period: { start: '2027-01-31T22:15:00.000Z', end: '2027-02-28T22:15:00.000Z' },
    });
  });

  it('take dynamic values, those of the action before those of the activity', () => {
    const value = (path: string, expression: string) => ({
      path,
      expression: { language: 'text/fhirpath' as const, expression },
    });
    const known: ActivityDefinition = {
      ...activity,
      dynamicValue: [value('businessStatus.text', "'from activity'"), value('priority', "'urgent'")],
    };
    const plan = planOf(
      rule({
        dynamicValue: [
          value('Task.businessStatus.text', '%resource.code.coding.code'),
          value('note[0].text', "'Was ' & %resource.status"),
          value('location.reference', '{}'),
        ],
      }),
    );
    const made = fire(plan, { known })[0]?.resources[0];
    expect(made).toMatchObject({
      priority: 'urgent',
      businessStatus: { text: 'swim' },
      note: [{ text: 'Was completed' }],
    });
    expect(made).not.toHaveProperty('location');
    expect(known.priority).toBe('asap');
  });

  it.each(['id', 'resourceType', '__proto__.x', 'constructor.prototype.x', 'a..b', ''])(
    'never take a dynamic value at the path "%s"',
    (path) => {
      const dynamicValue = [{ path, expression: { language: 'text/fhirpath' as const, expression: "'x'" } }];
      expect(failureOf(() => fire(planOf(rule({ dynamicValue })))).issues[0]?.key).toBe('plan-dynamic-value');
    },
  );

  it('need a known definition that makes a Task', () => {
    const unknown = failureOf(() => fire(planOf(rule({ definitionCanonical: 'urn:test:nowhere|9' }))));
    expect(unknown.message).toBe("urn:test:plan|4.2.0, action 'r': 'urn:test:nowhere|9' is not known");
    const known: ActivityDefinition = { ...activity, kind: 'Appointment' };
    expect(failureOf(() => fire(planOf(rule()), { known })).code).toBe('not-supported');
  });

  it('are not chosen among by a rule', () => {
    const error = failureOf(() => fire(planOf(rule({ selectionBehavior: 'exactly-one' }))));
    expect(error.issues[0]?.expression).toEqual(['PlanDefinition.action[0].selectionBehavior']);
  });
});
