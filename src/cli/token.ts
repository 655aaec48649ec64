import { readConfig } from '../config.ts';
import { CommandError } from './exit.ts';
import { findSandbox } from './sandbox-client.ts';

const SYSTEMS = ['portal', 'record', 'operator'] as const;

/** `silta token <user>`: prints a fresh access token and nothing else, ready for `$(…)`. */
export async function printToken(user: string, options: { readonly person?: string }): Promise<void> {
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const system = SYSTEMS.find((name) => name === user);
  if (!system && user !== 'citizen') {
    throw new CommandError(`'${user}' is no sandbox user: citizen, ${SYSTEMS.join(', ')}.`, 2);
  }
  const sandbox = await findSandbox(`http://localhost:${config.SILTA_SANDBOX_PORT}`);
  const person = options.person ?? 'tessa';
  if (!system && !sandbox.persons.some(({ id }) => id === person)) {
    const known = sandbox.persons.map(({ id }) => id).join(', ');
    throw new CommandError(`There is no test person '${person}': ${known}.`, 2);
  }
  const token = system ? await sandbox.token(system) : (await sandbox.signIn(person)).accessToken;
  process.stdout.write(`${token}\n`);
}
