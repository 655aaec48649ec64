/**
 * What the sandbox needs before its first start, made once and kept in the data directory: keys of the gateway, the
 * registered test clients with their own keys, secrets shared with the stand-ins.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { SUOMIFI_CLAIMS } from '../sandbox/index.ts';

/** A test client as whoever plays it needs it: with its private key. */
export interface SandboxClient {
  readonly clientId: string;
  readonly redirectUri?: string;
  readonly scope: string;
  /** ES384 private key. */
  readonly privateJwk: JWK;
}

/** The three kinds of users and the operator, as `GET /credentials` of the sandbox shows them. */
export interface SandboxCredentials {
  readonly portal: SandboxClient;
  readonly portalApp: SandboxClient;
  readonly record: SandboxClient;
  readonly operator: SandboxClient;
}

export interface SandboxSetup {
  readonly credentials: SandboxCredentials;
  /** Variables that the gateway of this sandbox is started with, beside what the user has set. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: SandboxSecrets;
}

export interface SandboxSecrets {
  readonly sealKey: string;
  readonly c4cUser: string;
  readonly c4cPassword: string;
  readonly c4cInbound: string;
  readonly lifecare: string;
  readonly valtuudetApiKey: string;
  readonly valtuudetPassword: string;
  readonly valtuudetRestKey: string;
}

export interface SandboxAddresses {
  readonly directory: string;
  readonly gatewayUrl: string;
  readonly sandboxUrl: string;
}

/** Registered client id of the gateway at the sandbox's Suomi.fi. */
export const RELYING_PARTY = 'silta-gateway';

/** Registered client id of the gateway at the sandbox's mandate service. */
export const VALTUUDET_CLIENT = 'silta001';
/** Mandate theme of health matters. */
export const HEALTH_THEME = 'http://valtuusrekisteri.suomi.fi/terveydenhuollon_asioiden_hoito';

const CITIZEN_SCOPE =
  'openid fhirUser launch/patient patient/Patient.r patient/Questionnaire.rs patient/QuestionnaireResponse.crs ' +
  'patient/CarePlan.rs patient/Task.rus patient/Observation.rs';

const CLIENTS = {
  portal: {
    name: 'Oma portal (pushes care plans)',
    kind: 'system',
    scope:
      'system/Patient.rs system/CarePlan.cruds system/Task.cruds system/Questionnaire.rs system/QuestionnaireResponse.rs',
  },
  portalApp: { name: 'Oma portal (citizen app)', kind: 'portal', scope: CITIZEN_SCOPE },
  record: {
    name: 'Patient record',
    kind: 'system',
    scope:
      'system/QuestionnaireResponse.rs system/Questionnaire.rs system/Observation.rs system/Patient.rs system/Provenance.rs',
  },
  operator: {
    name: 'Operator',
    kind: 'operator',
    scope: 'system/Delivery.rus system/Provenance.rs system/Task.rs system/AuditEvent.rs',
  },
} as const;

/**
 * Reads what an earlier start made, or makes it.
 * @returns clients, secrets, and the environment that joins gateway and stand-ins
 */
export async function prepareSandbox(addresses: SandboxAddresses): Promise<SandboxSetup> {
  const { directory, gatewayUrl, sandboxUrl } = addresses;
  await mkdir(directory, { recursive: true });
  const secrets = await keepSecrets(join(directory, 'sandbox-secrets.json'));
  const keys = await keep(join(directory, 'sandbox-client-keys.json'), makeClientKeys);
  const credentials = makeCredentials(keys, `${sandboxUrl}/portal/callback`);
  const clientsFile = join(directory, 'clients.json');
  const issuerFile = join(directory, 'issuer.json');
  await writeWhole(clientsFile, JSON.stringify({ clients: describeClients(credentials) }, null, 2));
  await writeWhole(issuerFile, JSON.stringify(describeIssuer(sandboxUrl), null, 2));
  const mandatesFile = join(directory, 'mandates.json');
  await writeWhole(mandatesFile, JSON.stringify(describeMandates(sandboxUrl), null, 2));
  return {
    credentials,
    secrets,
    environment: {
      SILTA_MODE: 'sandbox',
      SILTA_BASE_URL: gatewayUrl,
      SILTA_KEYS_FILE: join(directory, 'keys.json'),
      SILTA_CLIENTS_FILE: clientsFile,
      SILTA_ISSUER_FILE: issuerFile,
      SILTA_MANDATES_FILE: mandatesFile,
      SILTA_VALTUUDET_API_KEY: secrets.valtuudetApiKey,
      SILTA_VALTUUDET_OAUTH_PASSWORD: secrets.valtuudetPassword,
      SILTA_VALTUUDET_REST_KEY: secrets.valtuudetRestKey,
      SILTA_SEAL_KEY: secrets.sealKey,
      SAP_C4C_URL: `${sandboxUrl}/systems/sap-c4c`,
      SAP_C4C_USER: secrets.c4cUser,
      SAP_C4C_PASSWORD: secrets.c4cPassword,
      SAP_C4C_INBOUND_SECRET: secrets.c4cInbound,
      LIFECARE_URL: `${sandboxUrl}/systems/lifecare`,
      LIFECARE_SECRET: secrets.lifecare,
    },
  };
}

/** Test levels of assurance: what only a sandbox accepts. */
function describeIssuer(sandboxUrl: string): object {
  const level = 'http://ftn.ficora.fi/2017/loatest';
  return {
    name: 'suomifi',
    issuer: `${sandboxUrl}/suomifi`,
    clientId: RELYING_PARTY,
    requestedAcr: [`${level}2`],
    acceptedAcr: [`${level}2`, `${level}3`],
    claims: { nonDisclosure: SUOMIFI_CLAIMS.nonDisclosure },
  };
}

/** Kymenlaakso's rule: guardians act for children under twelve; adults by the theme of health matters. */
function describeMandates(sandboxUrl: string): object {
  return {
    api: `${sandboxUrl}/valtuudet`,
    pages: `${sandboxUrl}/valtuudet`,
    clientId: VALTUUDET_CLIENT,
    rules: { guardianUntilAge: 12, themes: [HEALTH_THEME] },
  };
}

async function makeSecrets(): Promise<SandboxSecrets> {
  const secret = () => randomBytes(24).toString('base64url');
  return {
    sealKey: randomBytes(32).toString('base64'),
    c4cUser: '_SILTA',
    c4cPassword: secret(),
    c4cInbound: secret(),
    lifecare: secret(),
    valtuudetApiKey: secret(),
    valtuudetPassword: secret(),
    valtuudetRestKey: secret(),
  };
}

type ClientKeys = Readonly<Record<keyof SandboxCredentials, JWK>>;

async function makeClientKeys(): Promise<ClientKeys> {
  const make = async (): Promise<JWK> => {
    const { privateKey } = await generateKeyPair('ES384', { extractable: true });
    const jwk = await exportJWK(privateKey);
    return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES384', use: 'sig' };
  };
  const [portal, portalApp, record, operator] = [await make(), await make(), await make(), await make()];
  return { portal, portalApp, record, operator };
}

function makeCredentials(keys: ClientKeys, redirectUri: string): SandboxCredentials {
  const client = (name: keyof SandboxCredentials, clientId: string): SandboxClient => ({
    clientId,
    scope: CLIENTS[name].scope,
    privateJwk: keys[name],
  });
  return {
    portal: client('portal', 'sandbox-portal'),
    portalApp: { ...client('portalApp', 'sandbox-portal-app'), redirectUri },
    record: client('record', 'sandbox-record'),
    operator: client('operator', 'sandbox-operator'),
  };
}

function describeClients(credentials: SandboxCredentials): object[] {
  return (Object.keys(CLIENTS) as (keyof SandboxCredentials)[]).map((key) => {
    const client = credentials[key];
    const { d: _private, ...publicJwk } = client.privateJwk;
    return {
      clientId: client.clientId,
      name: CLIENTS[key].name,
      kind: CLIENTS[key].kind,
      ...(client.redirectUri && { redirectUris: [client.redirectUri] }),
      jwks: { keys: [publicJwk] },
      scopes: client.scope.split(' '),
      sectors: ['health'],
      organization: 'Sandbox wellbeing services county',
    };
  });
}

/** What an older version made is completed with the secrets that have come since. */
async function keepSecrets(file: string): Promise<SandboxSecrets> {
  const fresh = await makeSecrets();
  const kept = await keep(file, async () => fresh);
  const secrets = { ...fresh, ...kept };
  if (Object.keys(kept).length < Object.keys(secrets).length) {
    await writeWhole(file, JSON.stringify(secrets, null, 2));
  }
  return secrets;
}

async function keep<T>(file: string, make: () => Promise<T>): Promise<T> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const made = await make();
    await writeWhole(file, JSON.stringify(made, null, 2));
    return made;
  }
}

/** Never half a file: it is renamed into place. Readable by its owner only. */
async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.part`, `${text}\n`, { mode: 0o600 });
  await rename(`${file}.part`, file);
}
