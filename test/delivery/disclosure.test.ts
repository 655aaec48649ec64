import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SECTOR_SYSTEM } from '../../src/principal.ts';
import { mapOf, routeOf, systemOf } from './support/systems.ts';
import { CONTEXT, createWorld, until, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const TURVAKIELTO = {
  system: 'https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs',
  code: 'TURVAKIELTO',
};

/** A patient living at an address; a fictional person. */
async function patient(id: string, labels: readonly object[] = []) {
  const resource = {
    resourceType: 'Patient',
    id,
    meta: { security: [{ system: SECTOR_SYSTEM, code: 'health' }, ...labels] },
    name: [{ family: 'Virtanen-Testi' }],
    address: [{ line: ['Salakuja 5'], city: 'Kouvola' }],
    telecom: [{ system: 'phone', value: '+358401112223' }],
  };
  await world.store.write([{ kind: 'create', resource }], CONTEXT);
}

async function run(options: Parameters<World['gateway']>[0] = {}) {
  const gateway = world.gateway(options);
  await gateway.start();
  await gateway.idle();
  return (await gateway.listDeliveries({})).deliveries;
}

describe('a delivery to the other sector', () => {
  beforeEach(() => {
    world.systems = [systemOf({ name: 'sosiaali-lifecare', sector: 'social' })];
  });

  it('is dead when it may not be disclosed, and nothing was sent', async () => {
    await world.task({ patient: 'p-3' });
    const asked: string[] = [];
    const deliveries = await run({
      mayDisclose: async (version, system) => {
        asked.push(`${version.type} to ${system.name}`);
        return { allowed: false, reason: 'no active consent between the sectors' };
      },
    });
    expect(asked).toEqual(['Task to sosiaali-lifecare']);
    expect(world.receiver.attempts).toEqual([]);
    expect(deliveries).toMatchObject([{ state: 'dead', outcome: { issue: [{ code: 'forbidden' }] } }]);
    expect(deliveries[0]?.outcome?.issue[0]?.diagnostics).toContain('no active consent between the sectors');
    const audit = await world.database.query(
      `SELECT action, outcome FROM audit WHERE action = 'delivery' ORDER BY seq DESC LIMIT 1`,
    );
    expect(audit).toEqual([{ action: 'delivery', outcome: 'refused' }]);
  });

  it('is asked for what names no patient as well', async () => {
    await world.task();
    const asked: string[] = [];
    const deliveries = await run({
      mayDisclose: async (version) => {
        asked.push(version.type);
        return { allowed: version.patients.length > 0, reason: 'nobody is known who could consent' };
      },
    });
    expect(asked).toEqual(['Task']);
    expect(deliveries).toMatchObject([{ state: 'dead', outcome: { issue: [{ code: 'forbidden' }] } }]);
    expect(world.receiver.attempts).toEqual([]);
  });

  it('is sent when it may', async () => {
    await world.task({ patient: 'p-3' });
    expect(await run()).toMatchObject([{ state: 'sent' }]);
  });

  it('is asked for its further inputs as well', async () => {
    world.systems = [
      systemOf({
        sector: 'social',
        routes: [
          routeOf({
            when: `description = 'routed'`,
            with: { basis: 'basedOn' },
            map: mapOf(() => 'x', ['task', 'basis']),
          }),
        ],
      }),
    ];
    const basis = await world.task({ patient: 'p-3', description: 'basis' });
    await world.task({
      patient: 'p-3',
      description: 'routed',
      basedOn: [{ reference: basis }],
      meta: { security: [{ system: SECTOR_SYSTEM, code: 'social' }] },
    });
    const asked: unknown[] = [];
    await run({
      mayDisclose: async (version) => {
        asked.push(`${version.type}/${version.id}`);
        return { allowed: true, reason: '' };
      },
    });
    expect(asked).toEqual([basis]);
  });
});

it('a delivery within a sector is not asked for', async () => {
  await world.task({ patient: 'p-3' });
  const deliveries = await run({
    mayDisclose: async () => {
      throw new Error('asked');
    },
  });
  expect(deliveries).toMatchObject([{ state: 'sent' }]);
});

describe('the further inputs of a map', () => {
  const withPatient = (options: Record<string, unknown> = {}) => {
    const map = mapOf(({ patient: person }) => person, ['task', 'patient']);
    const system = systemOf({ routes: [routeOf({ with: { patient: 'for' }, map })] });
    world.systems = [{ ...system, transport: { ...system.transport, options } }];
  };

  it('are read by reference', async () => {
    withPatient();
    await patient('p-3');
    await world.task({ patient: 'p-3' });
    await run();
    expect(world.receiver.effects).toMatchObject([{ id: 'p-3', address: [{ city: 'Kouvola' }] }]);
  });

  it('tell no whereabouts of a protected person', async () => {
    withPatient();
    await patient('p-3', [TURVAKIELTO]);
    await world.task({ patient: 'p-3' });
    await run();
    expect(world.receiver.effects).toMatchObject([{ id: 'p-3', name: [{ family: 'Virtanen-Testi' }] }]);
    expect(JSON.stringify(world.receiver.effects)).not.toMatch(/Kouvola|Salakuja|358401112223/);
  });

  it('tell them to a system that is declared to receive them', async () => {
    withPatient({ receivesProtectedAddress: true });
    await patient('p-3', [TURVAKIELTO]);
    await world.task({ patient: 'p-3' });
    await run();
    expect(world.receiver.effects).toMatchObject([{ address: [{ city: 'Kouvola' }] }]);
  });

  it('are read by canonical', async () => {
    const url = 'https://silta.example/fhir/Questionnaire/feedback';
    await world.store.write(
      [
        {
          kind: 'create',
          resource: { resourceType: 'Questionnaire', id: 'q1', url, version: '2', status: 'active' },
        },
      ],
      CONTEXT,
    );
    const map = mapOf(({ form }) => (form as { id: string }).id, ['answer', 'form']);
    world.systems = [systemOf({ routes: [routeOf({ with: { form: `instantiatesCanonical` }, map })] })];
    await world.task({ instantiatesCanonical: `${url}|2` });
    await run();
    expect(world.receiver.effects).toEqual(['q1']);
  });

  it('that cannot be found make the delivery dead, with the expression', async () => {
    withPatient();
    await world.task({ patient: 'nobody' });
    expect(await run()).toMatchObject([
      { state: 'dead', outcome: { issue: [{ code: 'not-found', expression: ['Task.for'] }] } },
    ]);
  });

  it('that are not there are left to the map', async () => {
    withPatient();
    await world.task();
    await run();
    expect(world.receiver.effects).toEqual([undefined]);
  });
});

it('the log names ids only', async () => {
  world.systems = [
    systemOf({
      routes: [
        routeOf({
          map: mapOf(() => {
            throw new TypeError('Cannot read Virtanen-Testi');
          }),
        }),
        routeOf({ name: 'throwing', map: mapOf(() => ({})) }),
      ],
    }),
  ];
  world.receiver.behave = (_message, attempt) => {
    if (attempt === 1) throw new Error('connect to Virtanen-Testi failed');
    return undefined;
  };
  await patient('p-3');
  await world.task({ patient: 'p-3', description: 'Virtanen-Testi itki' });
  const gateway = world.gateway();
  await gateway.start();
  await until('it was sent after its retry', () => world.receiver.effects.length === 1);
  await gateway.idle();
  const { deliveries } = await gateway.listDeliveries({});
  expect(deliveries.map(({ state }) => state).sort()).toEqual(['dead', 'sent']);
  expect(world.log.length).toBeGreaterThan(3);
  expect(world.log.join('\n')).not.toContain('Virtanen');
  expect(JSON.stringify(deliveries)).not.toContain('Virtanen');
});
