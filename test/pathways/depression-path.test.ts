import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createConformance } from '../../src/conformance/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import { checkPlan, evaluateRules, type Firing } from '../../src/pathways/index.ts';
import type { Resource } from '../../src/resource.ts';
import { bdiAnswer, moodAnswer, scoresWithTotal } from './answers.ts';
import { findActivity, findQuestionnaire, plans, readContent } from './content.ts';

const conformance = createConformance({ definitions: await loadDefinitions({ profiles: 'profiles' }) });
const NOW = new Date('2026-03-14T09:26:53.000Z');

function fire(resource: Resource, previous?: Resource): readonly Firing[] {
  let count = 0;
  return evaluateRules({
    plans,
    activity: findActivity,
    resource,
    ...(previous && { previous }),
    now: NOW,
    uuid: () => `uuid-${++count}`,
  });
}

function idsOf(firings: readonly Firing[]): readonly string[] {
  return firings.map(({ actionId }) => actionId);
}

function kindsOf(firing: Firing | undefined): readonly (string | undefined)[] {
  return (firing?.resources ?? []).map((task) => {
    const code = task['code'] as { coding: { code: string }[] };
    return code.coding.map((coding) => coding.code).join('/');
  });
}

describe('the depression path', () => {
  it('is sound by its static check', () => {
    expect(plans).toHaveLength(1);
    for (const plan of plans) {
      const issues = checkPlan(plan, {
        activity: findActivity,
        hasQuestionnaire: (canonical) => findQuestionnaire(canonical) !== undefined,
      });
      expect(issues).toEqual([]);
    }
  });

  it('raises an urgent contact when help is needed soon', () => {
    const [firing, ...rest] = fire(moodAnswer('need-help-soon'));
    expect(rest).toEqual([]);
    expect(kindsOf(firing)).toEqual(['contact/urgent']);
    expect(firing?.resources[0]).toMatchObject({
      resourceType: 'Task',
      id: 'uuid-1',
      identifier: [{ system: 'https://silta.example/fhir/identifier/ticket', value: 'uuid-2' }],
      meta: {
        profile: ['https://silta.example/fhir/StructureDefinition/silta-task'],
        security: [{ system: 'https://silta.example/fhir/CodeSystem/sector', code: 'health' }],
      },
      status: 'requested',
      intent: 'order',
      priority: 'urgent',
      for: { reference: 'Patient/p-41' },
      focus: { reference: 'QuestionnaireResponse/mood-7f3' },
      requester: { reference: 'Device/silta-gateway' },
      authoredOn: '2026-03-14T09:26:53.000Z',
      instantiatesCanonical: 'https://silta.example/fhir/ActivityDefinition/contact-urgent|1.0.0',
      performerType: [{ coding: [{ code: 'mental-health-nurse' }] }],
      restriction: { period: { start: '2026-03-14T09:26:53.000Z', end: '2026-03-15T09:26:53.000Z' } },
      reasonCode: { text: 'Asiakas vastasi itsearviossa tarvitsevansa apua pian.' },
    });
    expect(firing?.resources[0]).not.toHaveProperty('owner');
    expect(firing?.resources[0]).not.toHaveProperty('input');
  });

  it('raises a normal contact when the citizen is managing fairly well', () => {
    const [firing, ...rest] = fire(moodAnswer('managing-fairly-well'));
    expect(rest).toEqual([]);
    expect(kindsOf(firing)).toEqual(['contact/normal']);
    expect(firing?.resources[0]?.['priority']).toBe('routine');
  });

  it('gives the BDI to a citizen who continues, unless a care plan holds it already', () => {
    const [firing, ...rest] = fire(moodAnswer('continue'));
    expect(rest).toEqual([]);
    expect(kindsOf(firing)).toEqual(['complete-questionnaire']);
    expect(firing?.resources[0]).toMatchObject({
      owner: { reference: 'Patient/p-41' },
      input: [
        {
          type: { coding: [{ code: 'questionnaire' }] },
          valueCanonical: 'https://silta.example/fhir/Questionnaire/bdi-shell|1.0.0',
        },
      ],
    });
    expect(firing?.resources[0]).not.toHaveProperty('identifier');
    expect(fire(moodAnswer('continue', { basedOn: [{ reference: 'CarePlan/cp-5' }] }))).toEqual([]);
  });

  it('parts ways between the totals 18 and 19', () => {
    const [selfCare, ...noMore] = fire(bdiAnswer(scoresWithTotal(18)));
    expect(noMore).toEqual([]);
    expect(kindsOf(selfCare)).toEqual(['self-care', 'self-care', 'self-care', 'contact/self-service']);
    expect(selfCare?.resources.slice(0, 3).map((task) => task['owner'])).toEqual(
      Array.from({ length: 3 }, () => ({ reference: 'Patient/p-41' })),
    );

    const [contact, ...neither] = fire(bdiAnswer(scoresWithTotal(19)));
    expect(neither).toEqual([]);
    expect(kindsOf(contact)).toEqual(['contact/manual']);
    expect(contact?.resources[0]).toMatchObject({
      priority: 'routine',
      performerType: [{ coding: [{ code: 'mental-health-nurse' }] }],
      input: [{ type: { coding: [{ code: 'score' }] }, valueInteger: 19 }],
    });
  });

  it('carries the care plan of the answer into its Tasks', () => {
    const basedOn = [{ reference: 'CarePlan/cp-5' }, { reference: 'ServiceRequest/sr-2' }];
    const [firing] = fire(bdiAnswer(scoresWithTotal(31), { basedOn }));
    expect(firing?.resources[0]?.['basedOn']).toEqual([{ reference: 'CarePlan/cp-5' }]);
  });

  it('raises an urgent contact for item 9 whatever the total, beside the branch of the total', () => {
    const scores = scoresWithTotal(0).with(8, 1);
    const firings = fire(bdiAnswer(scores));
    expect(idsOf(firings)).toEqual(['bdi-item-9', 'bdi-self-care']);
    expect(kindsOf(firings[0])).toEqual(['contact/urgent']);
    expect(firings[0]?.resources[0]).toMatchObject({ priority: 'urgent', input: [{ valueInteger: 1 }] });
  });

  it('takes exactly one of the two branches for every total, and item 9 alone decides on the urgent one', () => {
    const score = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(fc.array(score, { minLength: 21, maxLength: 21 }), (scores) => {
        const total = scores.reduce((sum, one) => sum + one, 0);
        const ids = idsOf(fire(bdiAnswer(scores)));
        expect(ids.filter((id) => id !== 'bdi-item-9')).toEqual([
          total >= 19 ? 'bdi-professional-contact' : 'bdi-self-care',
        ]);
        expect(ids.includes('bdi-item-9')).toBe((scores[8] ?? 0) > 0);
      }),
      { numRuns: 60 },
    );
    for (let total = 0; total <= 63; total += 1) {
      const branches = idsOf(fire(bdiAnswer(scoresWithTotal(total)))).filter((id) => id !== 'bdi-item-9');
      expect([total, branches.length]).toEqual([total, 1]);
    }
  });

  it('makes Tasks that are valid by their profile, and content that is valid', () => {
    // SDC's extensions are defined in a package of their own, which is worth a notice.
    const judge = (resource: Resource) =>
      conformance
        .validate(resource)
        .filter(({ severity }) => severity !== 'information')
        .map(({ diagnostics }) => diagnostics);
    const answers = [
      moodAnswer('need-help-soon'),
      moodAnswer('managing-fairly-well'),
      moodAnswer('continue'),
      bdiAnswer(scoresWithTotal(3).with(8, 2), { basedOn: [{ reference: 'CarePlan/cp-5' }] }),
      bdiAnswer(scoresWithTotal(63)),
    ];
    const tasks = answers.flatMap((answer) => fire(answer)).flatMap(({ resources }) => resources);
    expect(tasks).toHaveLength(10);
    for (const task of tasks) expect([task.id, judge(task)]).toEqual([task.id, []]);
    for (const one of readContent().values()) expect([one.id, judge(one)]).toEqual([one.id, []]);
  });

  it('explains itself in three languages', () => {
    const [firing] = fire(bdiAnswer(scoresWithTotal(24)));
    expect(firing?.reason.text).toBe('Mielialakyselyn kokonaispistemäärä on vähintään 19.');
    expect(JSON.stringify(firing?.reason._text)).toContain(
      'The total of the mood questionnaire is at least 19.',
    );
    expect(firing?.planUrl).toBe('https://silta.example/fhir/PlanDefinition/depression-path');
    expect(firing?.planVersion).toBe('1.0.0');
  });
});

describe('when a rule fires', () => {
  it.each(['in-progress', 'stopped', 'entered-in-error'])(
    'an answer that is %s sets nothing off',
    (status) => {
      expect(fire(moodAnswer('need-help-soon', { status }))).toEqual([]);
    },
  );

  it('an answer that was saved in progress before sets it off once it is completed', () => {
    const draft = moodAnswer('need-help-soon', { status: 'in-progress' });
    expect(idsOf(fire(moodAnswer('need-help-soon'), draft))).toEqual(['mood-need-help-soon']);
  });

  it('saving a completed answer again sets nothing off', () => {
    const answer = bdiAnswer(scoresWithTotal(40));
    expect(fire(answer, answer)).toEqual([]);
    expect(fire({ ...answer, status: 'amended' }, answer)).toEqual([]);
  });

  it('an amendment that crosses the threshold sets the other branch off, with a cause of its own', () => {
    const [before] = fire(bdiAnswer(scoresWithTotal(12)));
    const amended = bdiAnswer(scoresWithTotal(24), { status: 'amended' });
    const [after] = fire(amended, bdiAnswer(scoresWithTotal(12)));
    expect([before?.actionId, after?.actionId]).toEqual(['bdi-self-care', 'bdi-professional-contact']);
    expect(after?.cause).not.toBe(before?.cause);
  });

  it('the cause names the answer and the rule, not the version', () => {
    const first = { ...bdiAnswer(scoresWithTotal(24)), meta: { versionId: '1' } };
    const second = { ...bdiAnswer(scoresWithTotal(25)), meta: { versionId: '8' } };
    expect(fire(first)[0]?.cause).toBe(fire(second)[0]?.cause);
    expect(fire(first)[0]?.cause).toBe(
      'QuestionnaireResponse/bdi-c92#https://silta.example/fhir/PlanDefinition/depression-path#bdi-professional-contact',
    );
  });

  it('gives the same firings for the same input and leaves it untouched', () => {
    const answer = bdiAnswer(scoresWithTotal(17));
    const copy = structuredClone(answer);
    expect(fire(answer)).toEqual(fire(answer));
    expect(answer).toEqual(copy);
  });

  it('an anonymous answer sets nothing off', () => {
    const { subject: _nobody, ...anonymous } = moodAnswer('need-help-soon');
    expect(fire(anonymous as Resource)).toEqual([]);
  });

  it('an answer to another questionnaire sets nothing off', () => {
    const questionnaire = 'https://silta.example/fhir/Questionnaire/mood-self-assessment-of-another';
    expect(fire(moodAnswer('need-help-soon', { questionnaire }))).toEqual([]);
  });

  it('an answer that names no version of the questionnaire still counts', () => {
    const questionnaire = 'https://silta.example/fhir/Questionnaire/mood-self-assessment';
    expect(idsOf(fire(moodAnswer('need-help-soon', { questionnaire })))).toEqual(['mood-need-help-soon']);
  });
});
