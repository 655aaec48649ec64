import { readConfig } from '../config.ts';
import { findSandbox } from './sandbox-client.ts';

/** What the console says when everything is up: what to open, as whom, and what to try. */
export async function welcome(
  stack: { readonly gatewayUrl: string; readonly sandboxUrl: string },
  say: (line: string) => void,
): Promise<void> {
  const sandbox = await findSandbox(stack.sandboxUrl);
  const [citizen, portal, record] = await Promise.all([
    sandbox.signIn('tessa').then((launch) => launch.accessToken),
    sandbox.token('portal'),
    sandbox.token('record'),
  ]);
  const url = stack.gatewayUrl;
  const column = Math.max(`${url}/fhir/metadata`.length, stack.sandboxUrl.length) + 3;
  const at = (address: string) => address.padEnd(column);
  say(`
Silta is ready.

  Open      ${at(url)}citizen pages: sign in with Suomi.fi (sandbox)
            ${at(`${url}/console`)}deliveries, for engineers (token: npx silta token operator)
            ${at(`${url}/fhir/metadata`)}what the FHIR API can do
            ${at(stack.sandboxUrl)}the sandbox: what SAP C4C and Lifecare have received

  Test persons
${sandbox.persons.map(({ id, about }) => `            ${id.padEnd(8)} ${about}`).join('\n')}

  Tokens (short-lived; a fresh one: npx silta token citizen | portal | record | operator)
    citizen tessa, through the portal's app
      ${citizen}
    portal, as a system
      ${portal}
    patient record, SMART Backend Services
      ${record}

  Try       npm run demo           the depression path, in a second terminal${settingFor(stack.sandboxUrl)}
            curl -H "Authorization: Bearer $(npx silta token record)" ${url}/fhir/QuestionnaireResponse
            npx silta deliveries list
            npx silta map test     after editing a map under mappings/: it is taken over at once

Ctrl-C stops everything.`);
}

/** What a second terminal has to be told to find a sandbox that is not at its usual place. */
function settingFor(sandboxUrl: string): string {
  const { port } = new URL(sandboxUrl);
  const usual = readConfig({ SILTA_MODE: 'sandbox' }).SILTA_SANDBOX_PORT;
  return port === String(usual) ? '' : `; there first: export SILTA_SANDBOX_PORT=${port}`;
}
