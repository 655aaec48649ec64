/** `silta deliveries …`: the admin API of a running gateway, as a table. */
import { readConfig } from '../config.ts';
import { CommandError } from './exit.ts';
import { findSandbox } from './sandbox-client.ts';

interface Delivery {
  readonly id: string;
  readonly system: string;
  readonly route: string;
  readonly source: string;
  readonly state: string;
  readonly attempts: number;
  readonly createdAt: string;
}

const write = (line: string) => process.stdout.write(`${line}\n`);

/** Access to the gateway: SILTA_TOKEN at SILTA_BASE_URL, or the sandbox's operator. */
async function openAdmin(): Promise<(path: string, method?: string) => Promise<unknown>> {
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const given = process.env['SILTA_TOKEN'];
  const sandbox = given ? undefined : await findSandbox(`http://localhost:${config.SILTA_SANDBOX_PORT}`);
  const token = given ?? (await sandbox?.token('operator', 'system/Delivery.rus'));
  const base = sandbox?.gatewayUrl ?? config.SILTA_BASE_URL;
  return async (path, method = 'GET') => {
    const response = await fetch(`${base}/admin/deliveries${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    }).catch((cause: Error) => {
      throw new CommandError(`The gateway at ${base} does not answer: ${cause.message}`);
    });
    const body = (await response.json()) as { issue?: { diagnostics?: string }[] };
    if (!response.ok) {
      throw new CommandError(body.issue?.[0]?.diagnostics ?? `The gateway answers ${response.status}.`);
    }
    return body;
  };
}

/** Newest first. */
export async function list(options: { state?: string; system?: string; limit: string }): Promise<void> {
  const admin = await openAdmin();
  const query = new URLSearchParams(options as Record<string, string>);
  const { deliveries } = (await admin(`/?${query}`)) as { deliveries: Delivery[] };
  for (const { id, state, system, route, source, attempts, createdAt } of deliveries) {
    write(
      [
        id,
        state.padEnd(8),
        `${system}/${route}`.padEnd(28),
        source,
        `${attempts} attempt(s)`,
        createdAt,
      ].join('  '),
    );
  }
  if (deliveries.length === 0) write('no deliveries');
}

export async function show(id: string): Promise<void> {
  const admin = await openAdmin();
  write(JSON.stringify(await admin(`/${encodeURIComponent(id)}`), null, 2));
}

export async function retry(id: string): Promise<void> {
  const admin = await openAdmin();
  await admin(`/${encodeURIComponent(id)}/retry`, 'POST');
  write(`${id}: is tried again now`);
}

export async function stats(): Promise<void> {
  const admin = await openAdmin();
  write(JSON.stringify(await admin('/stats'), null, 2));
}
