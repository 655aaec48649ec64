import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PlanDefinition } from 'fhir/r4';
import type { Reaction } from '../../src/delivery/index.ts';
import { createReactions } from '../../src/delivery/index.ts';
import { SiltaError } from '../../src/outcome.ts';
import type { Resource } from '../../src/resource.ts';
import { definitionsOfTest } from './support/open-store.ts';
import { CONTEXT, createWorld, until, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const RULE = 'https://silta.example/fhir/PlanDefinition/test|2.1.0#call';

/** Answers a requested Task with another one, once per Task. */
const answering: Reaction = {
  name: 'answering',
  async react(change, resource, tools) {
    if (resource.resourceType !== 'Task' || resource['description'] !== 'ask') return [];
    const answer = {
      resourceType: 'Task',
      id: tools.uuid(),
      status: 'requested',
      intent: 'order',
      description: 'answer',
      for: resource['for'],
    };
    return [
      {
        rule: RULE,
        once: `Task/${change.id}#call`,
        reason: { text: 'asked for' },
        writes: [{ kind: 'create', resource: answer }],
      },
    ];
  },
};

async function stored(type: string): Promise<Resource[]> {
  const rows = await world.database.query<{ content: string }>(
    'SELECT content FROM resource WHERE type = $1 ORDER BY last_updated',
    [type],
  );
  return rows.map(({ content }) => JSON.parse(content) as Resource);
}
const answers = async () => (await stored('Task')).filter((task) => task['description'] === 'answer');

describe('a reaction', () => {
  it('has its effect once, also for a later version, and leaves a Provenance', async () => {
    const reference = await world.task({ description: 'ask', patient: 'p-9' });
    await world.task({
      id: reference.slice(5),
      meta: { versionId: '1' },
      description: 'ask',
      status: 'accepted',
    });
    const gateways = [world.gateway({ reactions: [answering] }), world.gateway({ reactions: [answering] })];
    await Promise.all(gateways.map((gateway) => gateway.start()));
    await Promise.all(gateways.map((gateway) => gateway.idle()));
    const [answer, ...others] = await answers();
    expect(others).toEqual([]);
    expect(answer?.meta?.security).toMatchObject([{ code: 'health' }]);
    const made = (await stored('Provenance')).filter(({ policy }) => (policy as string[])[0] === RULE);
    expect(made).toMatchObject([
      {
        target: [{ reference: `Task/${answer?.id}` }, { reference: 'Patient/p-9' }],
        reason: [{ text: 'asked for' }],
        agent: [{ who: { reference: 'Device/silta-gateway' } }],
        entity: [{ role: 'source', what: { reference: `${reference}/_history/1` } }],
      },
    ]);
  });

  it('that makes a resource has that routed as well', async () => {
    await world.task({ description: 'ask' });
    const gateway = world.gateway({ reactions: [answering] });
    await gateway.start();
    await gateway.idle();
    expect(world.receiver.effects).toMatchObject([{ text: 'ask' }, { text: 'answer' }]);
  });

  it.each([
    [
      'fails to decide',
      () => Promise.reject(new SiltaError('not-found', 'The plan names an unknown definition.')),
    ],
    [
      'writes what the store refuses',
      async () => [
        {
          rule: RULE,
          once: randomUUID(),
          writes: [{ kind: 'delete' as const, type: 'Task', id: 'nobody-knows' }],
        },
      ],
    ],
  ])('that %s holds up no delivery, is recorded, and can be retried', async (_case, failing) => {
    let mended = false;
    const reaction: Reaction = {
      name: 'answering',
      react: (change, ...given) =>
        mended || change.type !== 'Task' ? answering.react(change, ...given) : failing(),
    };
    await world.task({ description: 'ask' });
    const gateway = world.gateway({ reactions: [reaction], limits: { maxReactionAttempts: 3 } });
    await gateway.start();
    await until('the delivery arrived', () => world.receiver.effects.length === 1);
    await until('the reaction is dead', async () => (await gateway.listFailedReactions('dead')).length === 1);
    const [failed] = await gateway.listFailedReactions('dead');
    expect(failed).toMatchObject({
      reaction: 'answering',
      attempts: 3,
      outcome: { resourceType: 'OperationOutcome' },
    });
    expect(await answers()).toEqual([]);
    mended = true;
    await gateway.retryReaction(failed?.changeSeq ?? 0, 'answering');
    await until('the reaction had its effect', async () => (await answers()).length === 1);
    expect(await gateway.listFailedReactions('dead')).toEqual([]);
    expect(await gateway.listFailedReactions('waiting')).toEqual([]);
  });

  it('that fails undoes what it wrote, and nothing else', async () => {
    const half: Reaction = {
      name: 'half',
      async react(change, resource, tools) {
        const [effect] = await answering.react(change, resource, tools);
        if (!effect) return [];
        return [
          effect,
          { ...effect, once: 'second', writes: [{ kind: 'delete', type: 'Task', id: 'nobody-knows' }] },
        ];
      },
    };
    await world.task({ description: 'ask' });
    const gateway = world.gateway({ reactions: [half, answering], limits: { maxReactionAttempts: 1 } });
    await gateway.start();
    await gateway.idle();
    expect(await answers()).toHaveLength(1);
    expect(await gateway.listFailedReactions('dead')).toMatchObject([{ reaction: 'half' }]);
  });

  it('sees the version before', async () => {
    const seen: unknown[] = [];
    const looking: Reaction = {
      name: 'looking',
      async react(_change, resource, { previous }) {
        if (resource.resourceType === 'Task') seen.push([previous?.['status'], resource['status']]);
        return [];
      },
    };
    const reference = await world.task({ status: 'requested' });
    await world.task({ id: reference.slice(5), meta: { versionId: '1' }, status: 'accepted' });
    const gateway = world.gateway({ reactions: [looking] });
    await gateway.start();
    await gateway.idle();
    expect(seen).toEqual([
      [undefined, 'requested'],
      ['requested', 'accepted'],
    ]);
  });
});

describe('the reactions the gateway comes with', () => {
  beforeEach(async () => {
    const { content } = await definitionsOfTest();
    const definitions = content.filter(({ resourceType }) =>
      ['Questionnaire', 'PlanDefinition', 'ActivityDefinition'].includes(resourceType),
    );
    const writes = definitions.map((resource) => ({
      kind: 'create' as const,
      resource: { ...resource, id: resource.id ?? randomUUID() },
    }));
    await world.store.write(writes, CONTEXT);
  });
  const start = async () => {
    const { content } = await definitionsOfTest();
    const plans = content.filter(({ resourceType }) => resourceType === 'PlanDefinition');
    const reactions = createReactions({
      resolveCanonical: world.store.resolveCanonical,
      plans: async () => plans as unknown as readonly PlanDefinition[],
    });
    const gateway = world.gateway({ reactions });
    await gateway.start();
    await gateway.idle();
    return gateway;
  };
  const answer = (questionnaire: string, item: readonly object[], status = 'completed') =>
    world.store.write(
      [
        {
          kind: 'create',
          resource: {
            resourceType: 'QuestionnaireResponse',
            id: randomUUID(),
            status,
            questionnaire: `https://silta.example/fhir/Questionnaire/${questionnaire}|1.0.0`,
            subject: { reference: 'Patient/p-61' },
            authored: '2026-03-02T09:14:00+02:00',
            item,
          },
        },
      ],
      CONTEXT,
    );

  it('turn an urgent wish for contact into one urgent ticket with its Provenance', async () => {
    const answers = { system: 'https://silta.example/fhir/CodeSystem/mood-answer', code: 'need-help-soon' };
    await answer('mood-self-assessment', [{ linkId: 'contact', answer: [{ valueCoding: answers }] }]);
    const gateway = await start();
    expect(await gateway.listFailedReactions('waiting')).toEqual([]);
    const tasks = await stored('Task');
    expect(tasks).toMatchObject([{ priority: 'urgent', for: { reference: 'Patient/p-61' } }]);
    const policies = (await stored('Provenance')).map(({ policy }) => (policy as string[])[0] ?? '');
    expect(
      policies.filter((policy) => policy.includes('PlanDefinition/depression-path|1.0.0#')),
    ).toHaveLength(1);
  });

  it('keep the total of a completed answer as an Observation, once', async () => {
    await answer('bdi-shell', [{ linkId: 'total', answer: [{ valueInteger: 23 }] }]);
    await start();
    expect(await stored('Observation')).toMatchObject([
      { valueInteger: 23, subject: { reference: 'Patient/p-61' } },
    ]);
  });

  it('correct the Observation of an answer that was amended, and leave it when it says the same', async () => {
    const [answered] = await answer('bdi-shell', [{ linkId: 'total', answer: [{ valueInteger: 23 }] }]);
    const gateway = await start();
    const [first] = await stored('Observation');
    const current = JSON.parse(answered?.content ?? '') as Resource & { id: string };
    const amend = async (total: number) => {
      const item = [{ linkId: 'total', answer: [{ valueInteger: total }] }];
      await world.store.write(
        [{ kind: 'update', resource: { ...current, status: 'amended', item } }],
        CONTEXT,
      );
      await gateway.idle();
      return stored('Observation');
    };
    expect(await amend(23)).toEqual([first]);
    expect(await amend(17)).toMatchObject([{ id: first?.id, status: 'corrected', valueInteger: 17 }]);
  });

  it('leave an answer that is in progress without any effect', async () => {
    await answer('bdi-shell', [{ linkId: 'total', answer: [{ valueInteger: 23 }] }], 'in-progress');
    await start();
    expect(await stored('Observation')).toEqual([]);
    expect(await stored('Task')).toEqual([]);
  });
});
