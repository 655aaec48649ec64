import { describe, expect, it } from '@jest/globals';
import type { ActivityDefinition, DataRequirement, PlanDefinition, PlanDefinitionAction } from 'fhir/r4';
import { checkPlan } from '../../src/pathways/index.ts';

const activity: ActivityDefinition = {
  resourceType: 'ActivityDefinition',
  status: 'active',
  url: 'urn:test:form',
  kind: 'Task',
  participant: [{ type: 'patient' }],
  relatedArtifact: [{ type: 'depends-on', resource: 'urn:test/Questionnaire/gone' }],
};

const sound: PlanDefinitionAction = {
  id: 'one',
  trigger: [{ type: 'data-added', data: [{ type: 'Task' }] }],
  condition: [
    { kind: 'applicability', expression: { language: 'text/fhirpath', expression: "status = 'ready'" } },
  ],
  definitionCanonical: 'urn:test:form',
};

function check(
  action: readonly PlanDefinitionAction[],
  known = activity,
  extra: Partial<PlanDefinition> = {},
) {
  const plan: PlanDefinition = {
    resourceType: 'PlanDefinition',
    status: 'active',
    url: 'urn:test:plan',
    version: '1',
    action: [...action],
    ...extra,
  };
  return checkPlan(plan, {
    activity: (canonical) => (canonical === known.url ? known : undefined),
    hasQuestionnaire: (canonical) => !canonical.endsWith('gone'),
  }).map(({ severity, key, expression }) => `${severity} ${key} ${expression?.[0]}`);
}

const complete: ActivityDefinition = { ...activity, relatedArtifact: [] };

describe('checking a plan', () => {
  it('finds nothing in a sound one', () => {
    expect(check([sound], complete)).toEqual([]);
  });

  it('finds an expression that does not parse, where it stands', () => {
    const condition: PlanDefinitionAction['condition'] = [
      { kind: 'applicability', expression: { language: 'text/fhirpath', expression: 'status = (' } },
    ];
    expect(check([{ id: 'group', action: [{ ...sound, condition }] }], complete)).toEqual([
      'error plan-expression PlanDefinition.action[0].action[0].condition[0]',
    ]);
  });

  it('finds an action without an id, and one whose id is taken', () => {
    const { id: _none, ...nameless } = sound;
    expect(check([sound, nameless, sound], complete)).toEqual([
      'error plan-action-id PlanDefinition.action[1]',
      'error plan-action-id PlanDefinition.action[2]',
    ]);
  });

  it('finds definitions and questionnaires that are missing', () => {
    expect(check([{ ...sound, definitionCanonical: 'urn:test:nowhere' }], complete)).toEqual([
      'error plan-definition PlanDefinition.action[0].definitionCanonical',
    ]);
    expect(check([sound])).toEqual(['error plan-questionnaire PlanDefinition.action[0].definitionCanonical']);
  });

  it('finds Tasks that nobody owns and triggers that are never set off', () => {
    expect(
      check([{ ...sound, trigger: [{ type: 'data-removed' }] }], { ...complete, participant: [] }),
    ).toEqual([
      'warning plan-trigger PlanDefinition.action[0].trigger[0]',
      'warning plan-owner PlanDefinition.action[0].definitionCanonical',
    ]);
  });

  it('finds a plan that can never fire', () => {
    const { trigger: _never, ...still } = sound;
    expect(check([still], complete, { status: 'draft' })).toEqual([
      'warning plan-status PlanDefinition.status',
      'warning plan-rules PlanDefinition.action',
    ]);
  });

  it('finds what evaluation would refuse: choices, value set filters, paths and other languages', () => {
    const data: DataRequirement[] = [
      { type: 'Task', codeFilter: [{ path: 'code', valueSet: 'urn:test:vs' }] },
    ];
    const refused: PlanDefinitionAction = {
      ...sound,
      trigger: [{ type: 'data-added', data }],
      selectionBehavior: 'one-or-more',
      dynamicValue: [{ path: 'a..b', expression: { language: 'text/cql', expression: '1' } }],
    };
    expect(check([refused], complete)).toEqual([
      'error plan-trigger PlanDefinition.action[0].trigger[0]',
      'error plan-behaviour PlanDefinition.action[0].selectionBehavior',
      'error plan-dynamic-value PlanDefinition.action[0].dynamicValue[0]',
      'error plan-expression PlanDefinition.action[0].dynamicValue[0]',
    ]);
  });
});
