/** The sandbox's one HTTP server: a Suomi.fi-style provider and the stand-ins of the connected systems. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import express from 'express';
import type { Logger } from 'pino';
import {
  createC4cStandIn,
  createLifecareStandIn,
  createSuomifiSandbox,
  createValtuudetStandIn,
  type Right,
  TEST_PERSONS,
} from '../sandbox/index.ts';
import { closeServer, listen } from './listen.ts';
import { HEALTH_THEME, RELYING_PARTY, type SandboxSetup, VALTUUDET_CLIENT } from './sandbox-setup.ts';

export interface SandboxServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface SandboxServerOptions {
  readonly setup: SandboxSetup;
  readonly host: string;
  readonly port: number;
  readonly gatewayUrl: string;
  readonly sandboxUrl: string;
  readonly logger: Logger;
}

/** Starts the stand-ins. `GET /` names what is there; `GET /credentials` hands out the test clients' keys. */
export async function startSandbox(options: SandboxServerOptions): Promise<SandboxServer> {
  const server: Server = createServer(await createSandboxApp(options));
  const port = await listen(server, options.port, options.host);
  return { port, close: () => closeServer(server) };
}

async function createSandboxApp(options: SandboxServerOptions): Promise<express.Express> {
  const { setup, gatewayUrl, sandboxUrl, logger } = options;
  const shared = { now: () => new Date(), uuid: randomUUID, logger };
  const suomifi = await createSuomifiSandbox({
    baseUrl: `${sandboxUrl}/suomifi`,
    rp: {
      clientId: RELYING_PARTY,
      jwksUri: `${gatewayUrl}/identity/jwks`,
      redirectUris: [`${gatewayUrl}/identity/suomifi/callback`],
    },
  });
  const c4c = createC4cStandIn({
    ...shared,
    username: setup.secrets.c4cUser,
    password: setup.secrets.c4cPassword,
    gateway: { url: `${gatewayUrl}/inbound/sap-c4c/ticket-status`, secret: setup.secrets.c4cInbound },
  });
  const lifecare = createLifecareStandIn({ ...shared, secret: setup.secrets.lifecare });
  const valtuudet = createValtuudetStandIn({
    clientId: VALTUUDET_CLIENT,
    apiKey: setup.secrets.valtuudetApiKey,
    oauthPassword: setup.secrets.valtuudetPassword,
    restApiKey: setup.secrets.valtuudetRestKey,
    redirectUri: `${gatewayUrl}/identity/mandates/callback`,
    now: shared.now,
  });
  valtuudet.rights.push(...sandboxRights());
  const app = express();
  app.disable('x-powered-by');
  app.use(suomifi.handler);
  app.use('/valtuudet', valtuudet.app);
  app.use('/systems/sap-c4c', c4c.app);
  app.use('/systems/lifecare', lifecare.app);
  app.get('/credentials', (_request, response) => {
    const { c4cUser, c4cPassword } = setup.secrets;
    response.set('Cache-Control', 'no-store').json({
      gateway: gatewayUrl,
      clients: setup.credentials,
      c4c: { username: c4cUser, password: c4cPassword },
      persons: TEST_PERSONS.map(({ id, about }) => ({ id, about })),
    });
  });
  app.get('/', (_request, response) => {
    response.type('text').send(describeSandbox(sandboxUrl));
  });
  return app;
}

/** Joni is Svea's guardian, and Tessa may take care of Joni's health matters. */
function sandboxRights(): Right[] {
  const person = (id: string) => TEST_PERSONS.find((each) => each.id === id);
  const right = (delegate: string, principal: string, roles: string[]): Right[] => {
    const [from, to] = [person(delegate), person(principal)];
    if (!from?.hetu || !to?.hetu) return [];
    return [{ delegate: from.hetu, principal: to.hetu, name: `${to.familyName} ${to.givenNames}`, roles }];
  };
  return [...right('joni', 'svea', ['ALL']), ...right('tessa', 'joni', [HEALTH_THEME])];
}

function describeSandbox(url: string): string {
  return `Silta sandbox. For development only: it hands out keys.

${url}/suomifi/.well-known/openid-configuration   Suomi.fi-style strong identification
${url}/systems/sap-c4c/control/received           what SAP C4C has received
${url}/systems/lifecare/control/received          what Lifecare has received
POST ${url}/systems/lifecare/control {"mode":"down","forMs":5000}
${url}/credentials                                the test clients and their keys
`;
}
