import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { playPath } from './demo/play-path.ts';
import { CommandError } from './exit.ts';
import { findSandbox } from './sandbox-client.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** `silta demo`: against the sandbox that runs, else against one of its own that is thrown away afterwards. */
export async function demo(options: { readonly fresh?: boolean }): Promise<void> {
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const sandboxUrl = `http://localhost:${config.SILTA_SANDBOX_PORT}`;
  const running = !options.fresh && (await answers(`${sandboxUrl}/credentials`));
  if (running) {
    const users = await findSandbox(sandboxUrl);
    if (!(await answers(`${users.gatewayUrl}/readyz`))) {
      throw new CommandError(`The sandbox runs, but its gateway ${users.gatewayUrl} is not ready.`);
    }
    say(`Playing against the gateway at ${users.gatewayUrl}.\n`);
    return playPath(users, sandboxUrl, say);
  }
  await playOnOwnStack();
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
}

/** Ports beside the usual ones, so that what else runs there is left alone. */
const OWN_PORTS = { PORT: '8180', SILTA_SANDBOX_PORT: '9180' } as const;

async function playOnOwnStack(): Promise<void> {
  say('No gateway runs here: starting one for the while.');
  const { startStack } = await import('./start.ts');
  const directory = await mkdtemp(join(tmpdir(), 'silta-demo-'));
  // When root plays, Postgres runs as another user, who has to get in.
  await chmod(directory, 0o711);
  const environment = { SILTA_LOG_LEVEL: 'error', ...process.env, ...OWN_PORTS, SILTA_DATA_DIR: directory };
  try {
    const stack = await startStack({ ...environment, SILTA_BASE_URL: undefined }, say);
    try {
      await playPath(await findSandbox(stack.sandboxUrl), stack.sandboxUrl, say);
    } finally {
      await stack.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
