import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, eventually, type GatewayProcess, type World } from './world.ts';

/** A job is taken up again when its lease of 20 seconds has run out. */
const LEASE = 120_000;

interface Manifest {
  readonly transactionTime: string;
  readonly output: readonly { readonly type: string; readonly url: string; readonly count: number }[];
}

describe('a gateway killed in the middle of an export', () => {
  let world: World;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    world = await createWorld();
    gateway = await world.startGateway();
  }, 60_000);
  afterAll(() => world.close());

  it(
    'leaves it to another, whose files are whole and of one moment',
    async () => {
      const authorization = `Bearer ${await world.users.token('record')}`;
      const get = (url: string) => fetch(url, { headers: { authorization, prefer: 'respond-async' } });
      let location = '';
      const killed = Date.now();
      // While this holds the table, nobody reads resources: the export is begun and does not end.
      await world.test.database.transaction(async (sql) => {
        await sql.query('LOCK TABLE resource IN ACCESS EXCLUSIVE MODE');
        const kickOff = await get(`${world.gatewayUrl}/fhir/$export?_type=Questionnaire`);
        expect({ status: kickOff.status, body: await kickOff.text() }).toMatchObject({ status: 202 });
        location = kickOff.headers.get('content-location') as string;
        await eventually(async () => {
          const status = await get(location);
          return /types/.test(status.headers.get('x-progress') ?? '') || undefined;
        });
        await gateway.end('SIGKILL');
      });
      gateway = await world.startGateway();
      const manifest = await eventually(async () => {
        const answer = await get(location);
        return answer.status === 200 ? ((await answer.json()) as Manifest) : undefined;
      });
      const [file, ...others] = manifest.output;
      expect(others).toEqual([]);
      const lines = (await (await get(file?.url as string)).text()).trimEnd().split('\n');
      const [row] = await world.test.database.query(
        "SELECT count(*) AS n FROM resource WHERE type = 'Questionnaire' AND content IS NOT NULL AND sector = 'health'",
      );
      expect(lines).toHaveLength(row?.['n'] as number);
      expect(file).toMatchObject({ type: 'Questionnaire', count: lines.length });
      const [job] = await world.test.database.query('SELECT attempts FROM export_job');
      expect(job).toEqual({ attempts: 2 });
      expect(Date.parse(manifest.transactionTime)).toBeGreaterThan(killed - 60_000);
    },
    LEASE,
  );
});
