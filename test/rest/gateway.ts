import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createAccess } from '../../src/access/index.ts';
import { createStoreWithCodes } from '../../src/codes.ts';
import { createConformance } from '../../src/conformance/index.ts';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { completeResponse } from '../../src/forms/index.ts';
import { SiltaError } from '../../src/outcome.ts';
import { GATEWAY, type Principal, type Scope } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import {
  createExporter,
  createMapSandbox,
  createRest,
  type Exporter,
  type RestOptions,
  renderError,
  requestId,
} from '../../src/rest/index.ts';
import { createSeal } from '../../src/sealed-text.ts';
import { countSubscriptions, createExportStore, openDatabase, type Store } from '../../src/store/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

export const ROOT = 'https://silta.example/fhir';
/** Of the headers of subscriptions. */
export const SEAL = createSeal(Buffer.alloc(32, 6));
/** Test persons are Patients with these ids. */
export const AINO = 'aino-3f1c';
export const EERO = 'eero-77d0';

function scopes(level: Scope['level'], granted: string): Scope[] {
  return granted.split(' ').map((each) => {
    const [resource = '', letters = ''] = each.split('.');
    return { level, resource, permissions: new Set(letters) as Scope['permissions'] };
  });
}

function citizen(patientId: string): Principal {
  return {
    kind: 'citizen',
    who: `Patient/${patientId}`,
    clientId: 'portal',
    patientId,
    scopes: scopes('patient', '*.cruds'),
    sectors: ['health', 'social'],
  };
}

/** Bearer tokens of the tests and whom they stand for. */
const CALLERS: Readonly<Record<string, Principal>> = {
  aino: citizen(AINO),
  eero: citizen(EERO),
  portal: {
    kind: 'system',
    who: 'Device/portal',
    clientId: 'portal',
    scopes: scopes('system', '*.cruds'),
    sectors: ['health', 'social'],
  },
  lifecare: {
    kind: 'system',
    who: 'Device/lifecare',
    clientId: 'lifecare',
    scopes: scopes('system', 'QuestionnaireResponse.rs Patient.r'),
    sectors: ['health'],
  },
  health: {
    kind: 'system',
    who: 'Device/health',
    clientId: 'health',
    scopes: scopes('system', '*.cruds'),
    sectors: ['health'],
  },
  clinic: {
    kind: 'system',
    who: 'Device/clinic',
    clientId: 'clinic',
    scopes: scopes('system', 'Observation.rs Patient.rs'),
    sectors: ['health'],
  },
  social: {
    kind: 'system',
    who: 'Device/social',
    clientId: 'social',
    scopes: scopes('system', '*.cruds'),
    sectors: ['social'],
  },
};

export interface TestGateway {
  readonly url: string;
  readonly definitions: Definitions;
  readonly store: Store;
  readonly database: TestDatabase;
  /** What was logged, as JSON lines. */
  readonly log: string[];
  /** Calls of onWritten so far. */
  readonly writes: () => number;
  /** Runs bulk exports once it is started. */
  readonly exporter: Exporter;
  /** How many resources there are, deleted ones and content aside. */
  countResources(): Promise<number>;
  close(): Promise<void>;
}

const definitions = await loadDefinitions({ profiles: 'profiles' });

/** A gateway's FHIR API on a database of its own, with two persons and the depression path's questionnaires. */
export async function startGateway(
  change: Partial<RestOptions> = {},
  clock: () => Date = () => new Date(),
): Promise<TestGateway> {
  const database = await createTestDatabase();
  const gateway = await serveOn(database, change, clock);
  await seed(gateway.store);
  return gateway;
}

/** A second gateway's FHIR API over the database of another, with connections of its own. */
export async function startBeside(other: TestGateway): Promise<TestGateway> {
  const database = openDatabase(other.database.url, { poolSize: 4 });
  return serveOn({ url: other.database.url, database, drop: () => database.close() }, {}, () => new Date());
}

async function serveOn(
  database: TestDatabase,
  change: Partial<RestOptions>,
  clock: () => Date,
): Promise<TestGateway> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
  const { store, judge, terminology } = createStoreWithCodes({
    database: database.database,
    definitions,
    clock,
  });
  const log: string[] = [];
  const note = (details: object, message: string) => void log.push(JSON.stringify({ ...details, message }));
  const logger = { info: note, warn: note, error: note };
  let writes = 0;
  let ids = 0;
  const app = express();
  const mapSandbox = createMapSandbox({ profiles: 'profiles', deadlineMs: 6_000, memoryMb: 384 });
  app.use(requestId(() => `request-${++ids}-${process.pid}`));
  const rest: RestOptions = {
    definitions,
    store,
    access: createAccess({ definitions, store, clock }),
    conformance: createConformance({ definitions, codes: judge }),
    terminology,
    forms: { completeResponse },
    authenticate,
    mapSandbox,
    smartConfiguration: () => ({
      issuer: 'https://as.example',
      authorization_endpoint: 'https://as.example/authorize',
      token_endpoint: 'https://as.example/token',
    }),
    baseUrl,
    clock,
    uuid: () => crypto.randomUUID(),
    logger,
    limits: {
      bodyBytes: 200_000,
      bodyDepth: 40,
      bundleEntries: 20,
      defaultCount: 20,
      maxCount: 50,
      maxIncluded: 30,
    },
    sealingKey: Buffer.alloc(32, 5),
    version: '0.1.0',
    clientIds: false,
    enforceReferences: true,
    onWritten: () => {
      writes++;
    },
    exports: createExportStore({ database: database.database, definitions, clock }),
    exportLimits: { perClient: 2, lifetimeMs: 60_000, rowsPerFile: 3 },
    onExport: () => exporter.poke(),
    subscriptions: {
      perClient: 3,
      allowPrivate: true,
      count: (clientId) => countSubscriptions(database.database, clientId),
      seal: SEAL,
    },
    ...change,
  };
  const exporter = createExporter(rest, { pollMs: 50, leaseMs: 400 });
  app.use('/fhir', createRest(rest));
  app.use(renderError({ logger, definitions }));
  server.on('request', app);
  return {
    url: baseUrl,
    definitions,
    store,
    database,
    log,
    writes: () => writes,
    exporter,
    countResources: async () => {
      const [row] = await database.database.query('SELECT count(*) AS n FROM resource');
      return Number(row?.['n']);
    },
    close: async () => {
      await Promise.all([exporter.stop(), mapSandbox.close()]);
      await stop(server, database);
    },
  };
}

async function authenticate(request: { get(name: string): string | undefined }): Promise<Principal> {
  const token = /^Bearer (.+)$/.exec(request.get('authorization') ?? '')?.[1] ?? '';
  if (token === 'expired') throw new SiltaError('token-expired', 'The access token expired.');
  const principal = CALLERS[token];
  if (!principal) throw new SiltaError('unauthenticated', 'A valid access token is needed.');
  return principal;
}

async function seed(store: Store): Promise<void> {
  const patients = [AINO, EERO].map((id) => ({ resourceType: 'Patient', id, active: true }));
  const content = definitions.content.filter(({ resourceType }) => resourceType === 'Questionnaire');
  const resources = [...patients, ...content] as (Resource & { readonly id: string })[];
  await store.write(
    resources.map((resource) => ({ kind: 'update', resource, orCreate: true })),
    { principal: GATEWAY, requestId: 'seed' },
  );
}

async function stop(server: Server, database: TestDatabase): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await database.drop();
}

/** A completed answer to the mood self-assessment. */
export function moodAnswer(patientId: string, contact = 'continue'): Resource {
  return {
    resourceType: 'QuestionnaireResponse',
    questionnaire: `${ROOT}/Questionnaire/mood-self-assessment|1.0.0`,
    status: 'completed',
    subject: { reference: `Patient/${patientId}` },
    item: [
      {
        linkId: 'contact',
        answer: [{ valueCoding: { system: `${ROOT}/CodeSystem/mood-answer`, code: contact } }],
      },
    ],
  };
}

/** A completed BDI shell of 21 equal scores, without its total. */
export function bdiAnswer(patientId: string, score: number): Resource {
  return {
    resourceType: 'QuestionnaireResponse',
    questionnaire: `${ROOT}/Questionnaire/bdi-shell|1.0.0`,
    status: 'completed',
    subject: { reference: `Patient/${patientId}` },
    item: Array.from({ length: 21 }, (_, index) => ({
      linkId: `bdi-${index + 1}`,
      answer: [{ valueCoding: { system: `${ROOT}/CodeSystem/bdi-answer`, code: String(score) } }],
    })),
  };
}

export function task(patientId: string, change: object = {}): Resource {
  return {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    for: { reference: `Patient/${patientId}` },
    ...change,
  };
}
