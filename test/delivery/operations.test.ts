import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import request from 'supertest';
import { SiltaError } from '../../src/outcome.ts';
import { selectDeliveries } from '../../src/store/index.ts';
import { down, refused } from './support/receiver.ts';
import { systemOf } from './support/systems.ts';
import { createWorld, serve, until, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

describe('an operator', () => {
  const setUp = async () => {
    const gateway = world.gateway();
    await gateway.start();
    return { gateway, app: serve('/admin/deliveries', gateway.adminRouter) };
  };

  it('pages through deliveries, newest first', async () => {
    for (let i = 0; i < 7; i += 1) await world.task({ patient: `p-${i}` });
    const { gateway, app } = await setUp();
    await gateway.idle();
    const seen: number[] = [];
    let query = '?limit=3&state=sent';
    const sizes: number[] = [];
    while (query) {
      const { body } = await request(app).get(`/admin/deliveries${query}`).expect(200);
      sizes.push(body.deliveries.length);
      seen.push(...body.deliveries.map(({ seq }: { seq: number }) => seq));
      query = body.next ?? '';
    }
    expect(sizes).toEqual([3, 3, 1]);
    expect(seen).toEqual([...seen].sort((a, b) => b - a));
    expect(new Set(seen).size).toBe(7);
  });

  it('looks at one delivery', async () => {
    const reference = await world.task();
    const { gateway, app } = await setUp();
    await gateway.idle();
    const [row] = await selectDeliveries(world.database, { limit: 1 });
    const { body } = await request(app).get(`/admin/deliveries/${row?.id}`).expect(200);
    expect(body).toMatchObject({
      id: row?.id,
      source: `${reference}/_history/1`,
      state: 'sent',
      outcome: null,
    });
  });

  it.each([`/${randomUUID()}`, '/no-uuid'])('finds no delivery at %s', async (path) => {
    const { app } = await setUp();
    await request(app).get(`/admin/deliveries${path}`).expect(404);
    await request(app).post(`/admin/deliveries${path}/retry`).expect(404);
  });

  it.each(['?state=lost', '?limit=0', '?limit=x', '?before=-1', '?colour=red', '?resource=Task'])(
    'is told that %s is wrong',
    async (query) => {
      const { app } = await setUp();
      const { body } = await request(app).get(`/admin/deliveries${query}`).expect(400);
      expect(body.issue[0].expression).toEqual([query.slice(1).split('=')[0]]);
    },
  );

  it('retries a dead delivery once its cause is mended, and not one that was sent', async () => {
    world.receiver.behave = () => refused;
    await world.task();
    const { gateway, app } = await setUp();
    await gateway.idle();
    const [dead] = (await gateway.listDeliveries({ state: 'dead' })).deliveries;
    world.receiver.behave = () => undefined;
    await request(app).post(`/admin/deliveries/${dead?.id}/retry`).expect(202);
    await until('it was sent', async () => (await gateway.showDelivery(dead?.id ?? '')).state === 'sent');
    expect(new Set(world.receiver.attempts).size).toBe(1);
    const { body } = await request(app).post(`/admin/deliveries/${dead?.id}/retry`).expect(409);
    expect(body.issue[0].diagnostics).toContain('is sent');
  });

  it('cannot send an old version after a newer one arrived', async () => {
    world.receiver.behave = (_message, attempt) => (attempt === 1 ? refused : undefined);
    const reference = await world.task({ description: 'old' });
    await world.task({ id: reference.slice(5), meta: { versionId: '1' }, description: 'new' });
    const { gateway, app } = await setUp();
    await gateway.idle();
    const [dead] = (await gateway.listDeliveries({ state: 'dead' })).deliveries;
    const { body } = await request(app).post(`/admin/deliveries/${dead?.id}/retry`).expect(409);
    expect(body.issue[0].details.coding[0].code).toBe('superseded');
    expect(await gateway.retrySystem('sap-c4c')).toBe(0);
  });

  it('retries all the dead of one system', async () => {
    world.systems = [systemOf(), systemOf({ name: 'lifecare' })];
    world.receiver.behave = () => refused;
    await world.task();
    await world.task();
    const { gateway, app } = await setUp();
    await gateway.idle();
    world.receiver.behave = () => undefined;
    const { body } = await request(app).post('/admin/deliveries/retry?system=lifecare').expect(202);
    expect(body).toEqual({ retried: 2 });
    await until('they were sent', () => world.receiver.effects.length === 2);
    expect((await gateway.listDeliveries({ state: 'dead' })).deliveries.map(({ system }) => system)).toEqual([
      'sap-c4c',
      'sap-c4c',
    ]);
  });

  it('gets nothing without being authorised', async () => {
    const gateway = world.gateway({
      authorize: async () => {
        throw new SiltaError('forbidden', 'The scope system/Delivery.r is missing.');
      },
    });
    const app = serve('/admin/deliveries', gateway.adminRouter);
    for (const path of ['', '/stats', '/reactions', '/inbound', `/${randomUUID()}`]) {
      await request(app).get(`/admin/deliveries${path}`).expect(403);
    }
    await request(app).post('/admin/deliveries/retry?system=x').expect(403);
  });

  it('sees figures by system and state, also as metrics', async () => {
    const metrics = new Registry();
    world.systems = [systemOf(), systemOf({ name: 'lifecare' })];
    world.receiver.behave = (_message, attempt) => (attempt === 1 ? undefined : refused);
    await world.task();
    const gateway = world.gateway({ metrics });
    await gateway.start();
    await gateway.idle();
    const app = serve('/admin/deliveries', gateway.adminRouter);
    const { body } = await request(app).get('/admin/deliveries/stats').expect(200);
    expect(
      body.deliveries
        .map(({ state, count, breaker }: Record<string, unknown>) => [state, count, breaker])
        .sort(),
    ).toEqual([
      ['dead', 1, 'closed'],
      ['sent', 1, 'closed'],
    ]);
    const text = await metrics.metrics();
    expect(text).toMatch(/silta_delivery_attempts_total\{system="(sap-c4c|lifecare)",result="sent"\} 1/);
    expect(text).toMatch(/silta_deliveries\{system="(sap-c4c|lifecare)",state="dead"\} 1/);
    expect(text).toContain('silta_delivery_breaker{system="lifecare"} 0');
    expect(text).toContain('silta_relay_lag_seconds 0');
  });
});

describe('a system that is down', () => {
  it('costs a probe now and then while its breaker is open, and gets everything once it is up', async () => {
    let isDown = true;
    world.receiver.behave = () => (isDown ? down : undefined);
    for (let i = 0; i < 12; i += 1) await world.task({ patient: `p-${i}` });
    const gateway = world.gateway({
      limits: { breakerFailures: 3, breakerCooldownMs: 250, graceMs: 50 },
    });
    await gateway.start();
    await until('its breaker is open', async () => (await gateway.stats()).deliveries[0]?.breaker === 'open');
    const before = world.receiver.attempts.length;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(world.receiver.attempts.length - before).toBeLessThanOrEqual(4);
    isDown = false;
    await until('everything arrived', () => world.receiver.effects.length === 12);
    await gateway.idle();
    expect((await gateway.stats()).deliveries).toMatchObject([
      { state: 'sent', count: 12, breaker: 'closed' },
    ]);
  });
});
