import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QuestionnaireResponse, Task } from 'fhir/r4';
import { bdiAnswer } from '../../src/cli/demo/answers.ts';
import { createCast } from '../../src/cli/demo/cast.ts';
import { control, createWorld, eventually, type GatewayProcess, received, type World } from './world.ts';

const TICKET_IDENTIFIER = 'https://silta.example/fhir/identifier/ticket';
// A killed gateway's delivery is offered again when its lease has run out: a system's timeout and 15 seconds.
const LEASE = 120_000;

describe('a gateway killed after it has taken an answer', () => {
  let world: World;
  let gateway: GatewayProcess;
  let token: string;
  let patient: string;

  beforeAll(async () => {
    world = await createWorld();
    gateway = await world.startGateway();
    const launch = await world.users.signIn('joni');
    token = launch.accessToken;
    patient = launch.patient;
  }, 60_000);
  afterAll(() => world.close());

  async function giveAnswer(): Promise<string> {
    const cast = { ...createCast(world.users, world.sandboxUrl), citizen: { token, patient } };
    const { basedOn: _, ...answer } = bdiAnswer(cast, 24);
    const response = await fetch(`${world.gatewayUrl}/fhir/QuestionnaireResponse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify(answer),
    });
    const body = (await response.json()) as QuestionnaireResponse;
    expect({ status: response.status, body }).toMatchObject({ status: 201 });
    return `QuestionnaireResponse/${body.id}`;
  }

  async function contactTask(answer: string): Promise<Task> {
    return eventually(async () => {
      const response = await fetch(`${world.gatewayUrl}/fhir/Task?focus=${answer}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const bundle = (await response.json()) as { entry?: { resource: Task }[] };
      const tasks = (bundle.entry ?? []).map((entry) => entry.resource);
      expect(tasks.length).toBeLessThanOrEqual(1);
      return tasks[0];
    });
  }

  async function documentsOf(answer: string): Promise<number> {
    const { documents } = await received(world, 'lifecare');
    return documents.filter(({ document }) => document.source.id === answer).length;
  }

  async function ticketsOf(task: Task): Promise<number> {
    const id = task.identifier?.find((each) => each.system === TICKET_IDENTIFIER)?.value;
    const { tickets } = await received(world, 'sap-c4c');
    return tickets.filter(({ fields }) => fields['ExternalReference_KUT'] === id).length;
  }

  async function expectOnceEach(answer: string): Promise<void> {
    const task = await contactTask(answer);
    await eventually(
      async () => ((await ticketsOf(task)) > 0 && (await documentsOf(answer)) > 0) || undefined,
    );
    // A second one would come with the next sweep.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect({ tickets: await ticketsOf(task), documents: await documentsOf(answer) }).toEqual({
      tickets: 1,
      documents: 1,
    });
  }

  it(
    'delivers ticket and document once each after the next start, when it died right after the 201',
    async () => {
      const answer = await giveAnswer();
      await gateway.end('SIGKILL');
      gateway = await world.startGateway();
      await expectOnceEach(answer);
    },
    LEASE,
  );

  it(
    'delivers once each when it died while both systems were taking the message',
    async () => {
      await Promise.all(
        ['lifecare', 'sap-c4c'].map((system) => control(world, system, { mode: 'slow', delayMs: 4_000 })),
      );
      const before = (await received(world, 'lifecare')).requests.length;
      const answer = await giveAnswer();
      await eventually(async () => (await received(world, 'lifecare')).requests.length > before || undefined);
      await gateway.end('SIGKILL');
      await Promise.all(['lifecare', 'sap-c4c'].map((system) => control(world, system, { mode: 'ok' })));
      gateway = await world.startGateway();
      await expectOnceEach(answer);
    },
    LEASE,
  );

  it('ends with code 0 on SIGTERM, and what it logged at every level holds no personal identity code', async () => {
    expect(await gateway.end('SIGTERM')).toBe(0);
    const log = world.log();
    expect(log).toContain('delivery started');
    expect(log).toContain('"msg":"stopped"');
    // Not as a part of a longer id: the middle of a UUID can look like one.
    expect(log).not.toMatch(/(?<![0-9A-Za-z])\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?![0-9A-Za-z])/);
    expect(log).not.toContain('010469-999W');
    expect(log).not.toMatch(/Kivimäki/);
  });
});
