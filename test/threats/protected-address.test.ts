import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SECTOR_SYSTEM } from '../../src/principal.ts';
import { mapOf, routeOf, systemOf } from '../delivery/support/systems.ts';
import { CONTEXT, createWorld, type World } from '../delivery/support/world.ts';

const TURVAKIELTO = {
  system: 'https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs',
  code: 'TURVAKIELTO',
};
const WHEREABOUTS = /Salakuja|Kouvola|\+358401112223|286/;

/** A fictional person, first without and then with a non-disclosure order. */
describe('a non-disclosure order', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    const patient = {
      resourceType: 'Patient',
      id: 'p-7',
      name: [{ family: 'Virtanen-Testi' }],
      address: [{ line: ['Salakuja 5'], city: 'Kouvola' }],
      telecom: [{ system: 'phone', value: '+358401112223' }],
      managingOrganization: { reference: '#unit' },
      contained: [{ resourceType: 'Organization', id: 'unit', address: [{ city: 'Kouvola' }] }],
      extension: [
        {
          url: 'https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/municipality-code',
          valueCoding: { system: 'urn:oid:1.2.246.537.6.21', code: '286' },
        },
      ],
    };
    const sector = { system: SECTOR_SYSTEM, code: 'health' };
    await world.store.write(
      [{ kind: 'create', resource: { ...patient, meta: { security: [sector] } } }],
      CONTEXT,
    );
    const labelled = { ...patient, meta: { security: [sector, TURVAKIELTO] } };
    await world.store.write([{ kind: 'update', resource: labelled }], CONTEXT);
  });
  afterEach(() => world.close());

  async function send(route: Parameters<typeof routeOf>[0]): Promise<string> {
    world.systems = [systemOf({ routes: [routeOf(route)] })];
    const gateway = world.gateway();
    await gateway.start();
    await gateway.idle();
    const { deliveries } = await gateway.listDeliveries({});
    expect(deliveries.map(({ state }) => state)).toContain('sent');
    return JSON.stringify(world.receiver.effects);
  }

  it.each(['Patient/p-7', 'Patient/p-7/_history/1'])(
    'keeps the whereabouts out of a message whose Task is for %s',
    async (reference) => {
      await world.task({ patient: 'p-7', for: { reference } });
      const map = mapOf(({ patient }) => patient, ['task', 'patient']);
      const sent = await send({ with: { patient: 'for' }, map });
      expect(sent).toContain('Virtanen-Testi');
      expect(sent).not.toMatch(WHEREABOUTS);
    },
  );

  it('holds for versions of the Patient that were written before it and are sent after it', async () => {
    const sent = await send({
      on: 'Patient',
      when: `name.exists()`,
      map: mapOf(({ patient }) => patient, ['patient']),
    });
    expect(sent).toContain('Virtanen-Testi');
    expect(sent).not.toMatch(WHEREABOUTS);
  });
});
