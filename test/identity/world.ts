/**
 * A gateway's identity room and the stand-in of Suomi.fi on two real ports, over a database of their own. Signing keys
 * are made once for the file: RSA keys take long.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { loadDefinitions } from '../../src/definitions/index.ts';
import {
  checkClients,
  createIdentity,
  generateKeys,
  type Identity,
  type IdentityParts,
  type IssuerProfile,
  type Keys,
  readIssuerProfile,
  readKeys,
  readMandateSettings,
} from '../../src/identity/index.ts';
import { asSiltaError } from '../../src/outcome.ts';
import {
  type BrokerStyle,
  createSuomifiSandbox,
  createValtuudetStandIn,
  type Quirk,
  SUOMIFI_CLAIMS,
  TEST_ACR,
  type ValtuudetStandIn,
} from '../../src/sandbox/index.ts';
import { createStore, type Store } from '../../src/store/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

export interface World {
  readonly baseUrl: string;
  readonly fhirBase: string;
  readonly issuer: string;
  readonly identity: Identity;
  /** What the room was made of. */
  readonly parts: IdentityParts;
  readonly store: Store;
  readonly db: TestDatabase;
  readonly keys: Keys;
  readonly portal: TestClient;
  readonly record: TestClient;
  /** An operator's tool. */
  readonly operator: TestClient;
  /** A system that publishes its keys at an address. */
  readonly hosted: TestClient;
  /** Every line logged, as JSON. */
  readonly log: string[];
  /** Every address that either server was asked for. */
  readonly addresses: string[];
  /** The mandate service. */
  readonly valtuudet: ValtuudetStandIn;
  /** How the next ID tokens are wrong. */
  quirk: Quirk | undefined;
  /** Milliseconds that the gateway's clock is ahead. */
  ahead: number;
  close(): Promise<void>;
}

export interface TestClient {
  readonly clientId: string;
  readonly key: CryptoKey;
  readonly kid: string;
  readonly publicJwk: JWK;
}

export const REDIRECT_URI = 'http://portal.test/callback';
const RECORD_SCOPES = ['system/QuestionnaireResponse.rs', 'system/Patient.r'];
const PORTAL_SCOPES = [
  'openid',
  'fhirUser',
  'launch/patient',
  'offline_access',
  'online_access',
  'patient/QuestionnaireResponse.cruds',
  'patient/CarePlan.crus',
  'patient/Task.rus',
];

let sharedKeys: Promise<Keys> | undefined;

// Inside Jest's sandbox `oidc-provider` does not find the dispatcher it guards `jwks_uri` with, and says so.
const warn = console.warn;
console.warn = (...words: unknown[]) => {
  if (!String(words[0]).includes('SSRF protection')) warn(...words);
};

/** The broker of a world other than Suomi.fi. */
export interface WorldBroker {
  readonly style: BrokerStyle;
  /** The profile that the gateway signs in with. */
  profile(broker: { readonly issuer: string; readonly entityStatement: string }): IssuerProfile;
}

/** Builds and starts everything. */
export async function startWorld(broker?: WorldBroker): Promise<World> {
  sharedKeys ??= generateKeys().then(readKeys);
  const keys = await sharedKeys;
  const db = await createTestDatabase();
  const definitions = await loadDefinitions({ profiles: 'profiles' });
  const store = createStore({ database: db.database, definitions, clock: () => new Date() });
  const gateway = await listen();
  const suomifi = await listen();
  const portal = await makeClient('test-portal', 'ES384');
  const record = await makeClient('test-record', 'ES384');
  const operator = await makeClient('test-operator', 'ES384');
  const hosted = await makeClient('test-hosted', 'RS384');
  const log: string[] = [];
  const addresses: string[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    log.push(JSON.stringify({ level, ...fields, message }));
  };
  const world = { quirk: undefined as Quirk | undefined, ahead: 0 };
  const issuer = `${suomifi.url}/${broker?.style ?? 'suomifi'}`;
  const sandbox = await createSuomifiSandbox({
    baseUrl: issuer,
    rp: {
      clientId: 'silta-test',
      jwksUri: `${gateway.url}/identity/jwks`,
      redirectUris: [`${gateway.url}/identity/${broker?.style ?? 'suomifi'}/callback`],
      ...(broker && {
        signed: {
          jwksUri: `${gateway.url}/identity/signed-jwks`,
          statementUri: `${gateway.url}/identity/entity-statement`,
        },
      }),
    },
    quirk: () => world.quirk,
    ...(broker && { style: broker.style }),
  });
  const { entityStatement } = sandbox;
  const profile = broker?.profile({ issuer, entityStatement }) ?? describeIssuer(issuer);
  const parts: IdentityParts = {
    config: { baseUrl: gateway.url, mode: 'sandbox', profile, mandates: describeMandates(suomifi.url) },
    store,
    database: db.database,
    keys,
    clients: checkClients({
      clients: [
        describePortal(portal),
        describeRecord(record),
        describeOperator(operator),
        describeHosted(hosted, `${suomifi.url}/hosted-jwks`),
      ],
    }),
    clock: () => new Date(Date.now() + world.ahead),
    logger: { info: write('info'), warn: write('warn'), error: write('error') },
  };
  const identity = createIdentity(parts);
  const valtuudet = createValtuudetStandIn({
    ...VALTUUDET,
    redirectUri: `${gateway.url}/identity/mandates/callback`,
    now: () => new Date(Date.now() + world.ahead),
  });
  gateway.serve(serveGateway(identity, addresses));
  // The mandate service has personal identity codes in its addresses, so these are not recorded.
  const others = express().use('/valtuudet', valtuudet.app).use(recordAddress(addresses), sandbox.handler);
  others.get('/hosted-jwks', (_request, response) => {
    response.json({ keys: [hosted.publicJwk] });
  });
  suomifi.serve(others);
  return Object.assign(world, {
    baseUrl: gateway.url,
    fhirBase: `${gateway.url}/fhir`,
    issuer: `${gateway.url}/oauth`,
    identity,
    parts,
    store,
    db,
    keys,
    portal,
    record,
    operator,
    hosted,
    log,
    valtuudet,
    addresses,
    close: async () => {
      await Promise.all([gateway.close(), suomifi.close()]);
      await db.drop();
    },
  });
}

/** Another gateway with the same public address, database and clients on a port of its own. */
export async function startGateway(
  world: World,
  keys: Keys,
): Promise<{ readonly url: string; readonly identity: Identity; close(): Promise<void> }> {
  const identity = createIdentity({ ...world.parts, keys });
  const { url, serve, close } = await listen();
  serve(serveGateway(identity, world.addresses));
  return { url, identity, close };
}

function describeIssuer(issuer: string): IssuerProfile {
  return readIssuerProfile(
    {
      name: 'suomifi',
      issuer,
      clientId: 'silta-test',
      requestedAcr: [TEST_ACR],
      acceptedAcr: [TEST_ACR],
      claims: { nonDisclosure: SUOMIFI_CLAIMS.nonDisclosure },
    },
    'sandbox',
  );
}

/** Mandate theme of health matters. */
export const HEALTH_THEME = 'http://valtuusrekisteri.suomi.fi/terveydenhuollon_asioiden_hoito';
const VALTUUDET = {
  clientId: 'test0001',
  apiKey: 'api-key-of-the-test',
  oauthPassword: 'password-of-the-test',
  restApiKey: 'rest-key-of-the-test',
};

function describeMandates(url: string): NonNullable<IdentityParts['config']['mandates']> {
  const { clientId, ...secrets } = VALTUUDET;
  const settings = {
    api: `${url}/valtuudet`,
    pages: `${url}/valtuudet`,
    clientId,
    rules: { guardianUntilAge: 12, themes: [HEALTH_THEME] },
  };
  return { ...readMandateSettings(JSON.stringify(settings), 'sandbox'), secrets };
}

/** A client with a fresh key of its own. */
export async function makeClient(clientId: string, alg: 'ES384' | 'RS384' | 'ES256'): Promise<TestClient> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { clientId, key: privateKey, kid, publicJwk: { ...jwk, kid, use: 'sig', alg } };
}

function describePortal(client: TestClient): object {
  return {
    clientId: client.clientId,
    name: '<b>Testiportaali</b>',
    kind: 'portal',
    redirectUris: [REDIRECT_URI],
    jwks: { keys: [client.publicJwk] },
    scopes: PORTAL_SCOPES,
    sectors: ['health'],
    organization: 'Testihyvinvointialue',
  };
}

function describeRecord(client: TestClient): object {
  return {
    clientId: client.clientId,
    name: 'Test record system',
    kind: 'system',
    jwks: { keys: [client.publicJwk] },
    scopes: RECORD_SCOPES,
    sectors: ['health'],
  };
}

function describeOperator(client: TestClient): object {
  return {
    clientId: client.clientId,
    name: 'Test operator',
    kind: 'operator',
    jwks: { keys: [client.publicJwk] },
    scopes: ['system/Delivery.rus'],
  };
}

function describeHosted(client: TestClient, jwksUri: string): object {
  return {
    clientId: client.clientId,
    name: 'Another record system',
    kind: 'system',
    jwksUri,
    scopes: ['system/Patient.rs'],
    sectors: ['social'],
  };
}

/** The identity room's routes, the SMART configuration, and one route that tells who is calling. */
function serveGateway(identity: Identity, addresses: string[]): express.Express {
  const app = express();
  app.use(recordAddress(addresses), identity.router);
  app.get('/fhir/.well-known/smart-configuration', (_request, response) => {
    response.json(identity.smartConfiguration());
  });
  app.all('/whoami', async (request, response) => {
    try {
      const { authorization, cookie } = request.headers;
      const csrf = request.headers['x-csrf-token'];
      const principal = await identity.authenticate({
        authorization,
        cookie,
        method: request.method,
        csrfToken: typeof csrf === 'string' ? csrf : undefined,
      });
      response.json({
        ...principal,
        scopes: principal.scopes.map((scope) => `${scope.level}/${scope.resource}`),
      });
    } catch (thrown) {
      const error = asSiltaError(thrown);
      response.status(error.status).json({ code: error.code, key: error.issues[0]?.key });
    }
  });
  return app;
}

function recordAddress(addresses: string[]): express.RequestHandler {
  return (request, _response, next) => {
    addresses.push(request.originalUrl, String(request.headers.referer ?? ''));
    next();
  };
}

interface Listener {
  readonly url: string;
  serve(app: express.Express): void;
  close(): Promise<void>;
}

async function listen(): Promise<Listener> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    serve: (app) => {
      server.on('request', app);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
