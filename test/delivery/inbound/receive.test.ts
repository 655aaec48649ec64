import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Delivery } from '../../../src/delivery/index.ts';
import { MappingError } from '../../../src/mapping/index.ts';
import { inboundOf, mapOf, systemOf, TICKET } from '../support/systems.ts';
import { createWorld, SECRET, serve, type World } from '../support/world.ts';

let world: World;
let gateway: Delivery;
let app: ReturnType<typeof serve>;
beforeEach(async () => {
  world = await createWorld();
  world.systems = [systemOf({ inbound: [inboundOf()] }), systemOf({ name: 'lifecare' })];
  gateway = world.gateway();
  app = serve('/inbound', gateway.inboundRouter);
});
afterEach(() => world.close());

const send = (message: string | object, secret = SECRET, path = '/inbound/sap-c4c/ticket-status') =>
  request(app)
    .post(path)
    .set('Authorization', `Bearer ${secret}`)
    .set('Content-Type', 'application/json')
    .send(message);
const ticket = (value: string) =>
  world.task({ identifier: [{ system: TICKET, value }], description: 'ours' });
const messages = () =>
  world.database.query<{ state: string; raw: Buffer; message_id: string; attempts: number }>(
    'SELECT * FROM inbound_message ORDER BY seq',
  );

describe('a message of a connected system', () => {
  it('changes only the elements the system owns, in its name', async () => {
    const reference = await ticket('T-88');
    const response = await send({ event: 'e1', ticket: 'T-88', status: 'completed', note: 'Soitettu.' });
    expect(response.status).toBe(200);
    expect(response.type).toBe('application/fhir+json');
    expect(JSON.parse(response.text)).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'information', diagnostics: `Taken in: ${reference}/_history/2.` }],
    });
    expect(await world.read(reference)).toMatchObject({
      status: 'completed',
      description: 'ours',
      note: [{ text: 'Soitettu.' }],
    });
    const [change] = await world.database.query('SELECT origin, agent FROM change ORDER BY seq DESC LIMIT 1');
    expect(change).toEqual({ origin: 'sap-c4c', agent: 'Device/sap-c4c' });
  });

  it('is not sent back to its system, but to the others', async () => {
    await ticket('T-88');
    await world.database.query('UPDATE change SET handled_at = now()');
    await gateway.start();
    await send({ event: 'e1', ticket: 'T-88', status: 'completed' });
    await gateway.idle();
    expect((await gateway.listDeliveries({})).deliveries).toMatchObject([
      { system: 'lifecare', state: 'sent' },
    ]);
  });

  it('that comes again gets the same answer and writes nothing', async () => {
    const reference = await ticket('T-88');
    const [first, ...others] = await Promise.all(
      [1, 2, 3, 4].map(() => send({ event: 'e1', ticket: 'T-88', status: 'accepted' })),
    );
    for (const other of others) expect([other.status, other.text]).toEqual([first?.status, first?.text]);
    expect((await world.read(reference)).meta?.versionId).toBe('2');
    expect(await messages()).toMatchObject([{ message_id: 'e1', state: 'done' }]);
  });

  it('is merged with others about the same resource that come at the same time', async () => {
    const reference = await ticket('T-88');
    const notes = ['a', 'b', 'c', 'd', 'e'];
    const responses = await Promise.all(
      notes.map((note) => send({ event: note, ticket: 'T-88', status: 'accepted', note })),
    );
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await world.read(reference)).meta?.versionId).toBe('6');
  });

  it('that says nothing new makes no version', async () => {
    const reference = await ticket('T-88');
    expect((await send({ event: 'e1', ticket: 'T-88', status: 'requested' })).status).toBe(200);
    expect((await world.read(reference)).meta?.versionId).toBe('1');
  });

  it('is kept encrypted', async () => {
    await ticket('T-88');
    await send({ event: 'e1', ticket: 'T-88', status: 'accepted', note: 'Soita äidille' });
    const [kept] = await messages();
    expect(kept?.raw.length).toBeGreaterThan(60);
    expect(kept?.raw.includes('Soita')).toBe(false);
  });

  it('may name the version it knows through a second source', async () => {
    const seen: unknown[] = [];
    const map = mapOf(
      ({ message, current }) => {
        const { ticket: value } = message as { ticket: string };
        seen.push((current as { description?: string }).description);
        return { resourceType: 'Task', identifier: [{ system: TICKET, value }], status: 'accepted' };
      },
      ['message', 'current'],
    );
    world.systems = [systemOf({ inbound: [inboundOf({ map })] })];
    await ticket('T-88');
    expect((await send({ event: 'e1', ticket: 'T-88' })).status).toBe(200);
    expect(seen).toEqual([undefined, 'ours']);
  });
});

describe('a bad message is refused with a precise outcome:', () => {
  const issue = (text: string) => JSON.parse(text).issue[0] as Record<string, unknown>;

  it.each([
    ['/inbound/unknown/ticket-status', 'an unknown system'],
    ['/inbound/sap-c4c/unknown', 'an unknown message'],
  ])('401 for %s, as for a wrong secret: names cannot be found out', async (path) => {
    const unknown = await send({ event: 'e1' }, SECRET, path);
    const wrong = await send({ event: 'e1' }, 'wrong');
    expect(unknown.status).toBe(401);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
    expect(Object.keys(unknown.headers).sort()).toEqual(Object.keys(wrong.headers).sort());
  });

  it.each(['wrong', `${SECRET}x`, ''])('401 for the secret %j', async (secret) => {
    await ticket('T-88');
    const response = await send({ event: 'e1', ticket: 'T-88', status: 'completed' }, secret);
    expect(response.status).toBe(401);
    expect(await messages()).toEqual([]);
  });

  it('401 without any secret, sent or configured', async () => {
    expect((await request(app).post('/inbound/sap-c4c/ticket-status').send({})).status).toBe(401);
    const open = serve('/inbound', world.gateway({ inboundSecret: () => undefined }).inboundRouter);
    const response = await request(open)
      .post('/inbound/sap-c4c/ticket-status')
      .set('Authorization', 'Bearer undefined')
      .send({ event: 'e1' });
    expect(response.status).toBe(401);
  });

  it.each([
    ['broken JSON', '{"event": ', 400, 'structure'],
    ['a bare value', '17', 400, 'structure'],
    ['a message without its id', '{"ticket": "T-88"}', 400, 'invalid'],
    ['a message with an empty id', '{"event": "", "ticket": "T-88"}', 400, 'invalid'],
  ])('%s', async (_case, text, status, code) => {
    const response = await send(text);
    expect([response.status, issue(response.text)['code']]).toEqual([status, code]);
    expect(await messages()).toEqual([]);
  });

  it('413 for one that is too large', async () => {
    const small = serve('/inbound', world.gateway({ limits: { inboundBytes: 100 } }).inboundRouter);
    const response = await request(small)
      .post('/inbound/sap-c4c/ticket-status')
      .set('Authorization', `Bearer ${SECRET}`)
      .send({ event: 'e1', note: 'x'.repeat(200) });
    expect([response.status, issue(response.text)['code']]).toEqual([413, 'too-long']);
  });

  it('404 for an identifier nobody knows, kept for a replay that succeeds later', async () => {
    const response = await send({ event: 'e1', ticket: 'T-99', status: 'completed' });
    expect(response.status).toBe(404);
    expect(issue(response.text)).toMatchObject({ code: 'not-found', expression: ['Task.identifier'] });
    const [dead] = await gateway.listInbound('dead');
    expect(dead).toMatchObject({
      messageId: 'e1',
      state: 'dead',
      outcome: { issue: [{ code: 'not-found' }] },
    });
    const reference = await ticket('T-99');
    await gateway.replayInbound(dead?.id ?? '');
    expect(await world.read(reference)).toMatchObject({ status: 'completed' });
    expect(await gateway.listInbound('done')).toMatchObject([{ id: dead?.id, attempts: 2 }]);
    await expect(gateway.replayInbound(dead?.id ?? '')).rejects.toThrow('taken in already');
  });

  it('422 without an identifier', async () => {
    const response = await send({ event: 'e1', status: 'completed' });
    expect(response.status).toBe(422);
    expect(issue(response.text)).toMatchObject({ expression: ['Task.identifier'] });
  });

  it('412 when several resources carry the identifier', async () => {
    await ticket('T-88');
    await ticket('T-88');
    const response = await send({ event: 'e1', ticket: 'T-88', status: 'completed' });
    expect([response.status, issue(response.text)['code']]).toEqual([412, 'multiple-matches']);
  });

  it('422 with the place in the map when the mapping fails', async () => {
    const map = mapOf(() => {
      throw new MappingError(
        { file: 'mappings/sap-c4c/ticket-to-task.fml', line: 12, column: 5 },
        'no code 9',
        'status',
      );
    });
    world.systems = [systemOf({ inbound: [inboundOf({ map })] })];
    const response = await send({ event: 'e1', ticket: 'T-88', status: '9' });
    expect(response.status).toBe(422);
    expect(issue(response.text)).toMatchObject({
      diagnostics: "mappings/sap-c4c/ticket-to-task.fml:12:5: rule 'status': no code 9",
    });
    expect(await messages()).toMatchObject([{ state: 'dead' }]);
  });

  it('409 when it would reopen what has ended, and the resource stays', async () => {
    const reference = await ticket('T-88');
    await send({ event: 'e1', ticket: 'T-88', status: 'completed' });
    const response = await send({ event: 'e2', ticket: 'T-88', status: 'in-progress' });
    expect(response.status).toBe(409);
    expect(issue(response.text)).toMatchObject({ expression: ['Task.status'] });
    expect(await world.read(reference)).toMatchObject({ status: 'completed', meta: { versionId: '2' } });
  });

  it('422 when it would make an invalid resource', async () => {
    const strict = world.gateway({
      validate: async ({ status }) => [
        {
          severity: 'error',
          code: 'code-invalid',
          diagnostics: `No status ${status}.`,
          expression: ['Task.status'],
        },
      ],
    });
    const reference = await ticket('T-88');
    const response = await request(serve('/inbound', strict.inboundRouter))
      .post('/inbound/sap-c4c/ticket-status')
      .set('Authorization', `Bearer ${SECRET}`)
      .send({ event: 'e1', ticket: 'T-88', status: 'finished' });
    expect(response.status).toBe(422);
    expect(issue(response.text)).toMatchObject({
      diagnostics: 'No status finished.',
      expression: ['Task.status'],
    });
    expect(await world.read(reference)).toMatchObject({ status: 'requested' });
  });

  it('and tried anew when it comes again after it was refused', async () => {
    expect((await send({ event: 'e1', ticket: 'T-77', status: 'accepted' })).status).toBe(404);
    await ticket('T-77');
    expect((await send({ event: 'e1', ticket: 'T-77', status: 'accepted' })).status).toBe(200);
    expect(await messages()).toMatchObject([{ state: 'done', attempts: 2 }]);
  });
});

it('a raw copy is erased after its time, and cannot be replayed then', async () => {
  await send({ event: 'e1', ticket: 'T-99', status: 'completed' });
  await world.database.query(`UPDATE inbound_message SET received_at = now() - interval '31 days'`);
  await gateway.start();
  for (let waited = 0; (await messages())[0]?.raw && waited < 100; waited += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await messages()).toMatchObject([{ raw: null, state: 'dead' }]);
  const [dead] = await gateway.listInbound('dead');
  await expect(gateway.replayInbound(dead?.id ?? '')).rejects.toMatchObject({ code: 'gone' });
});
