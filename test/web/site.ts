import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import type { Questionnaire } from 'fhir/r4';
import { createAccess } from '../../src/access/index.ts';
import { createConformance } from '../../src/conformance/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import { completeResponse } from '../../src/forms/index.ts';
import { SiltaError } from '../../src/outcome.ts';
import { GATEWAY, type Principal, type Scope } from '../../src/principal.ts';
import type { Resource } from '../../src/resource.ts';
import { createMapSandbox, createTransact, requestId } from '../../src/rest/index.ts';
import { createSeal } from '../../src/sealed-text.ts';
import { createExportStore, createStore, type Store } from '../../src/store/index.ts';
import { createBuiltIn, createCodeJudge } from '../../src/terminology/index.ts';
import { type ConsoleDelivery, createWeb, type PageSession, type WebOptions } from '../../src/web/index.ts';
import { createTestDatabase } from '../support/test-database.ts';

export const CITIZEN = 'p-5d1';
export const STRANGER = 'p-9c4';
export const CSRF = 'k7Qv-token';
export const OPERATOR_TOKEN = 'op.token-31';
export const WATCHER_TOKEN = 'op.token-77';
export const NOW = new Date('2026-03-14T12:00:00Z');
const ROOT = 'https://silta.example/fhir';

export interface Site {
  readonly url: string;
  readonly store: Store;
  /** Dead and other deliveries that the console shows; tests may change them. */
  readonly deliveries: ConsoleDelivery[];
  readonly retried: string[];
  readonly log: string[];
  /** Requests a page as the signed-in citizen, unless `cookie` says otherwise; redirects are not followed. */
  get(path: string, headers?: Record<string, string>): Promise<Page>;
  post(path: string, fields: Record<string, string | readonly string[]>, cookie?: string): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

const definitions = await loadDefinitions({ profiles: 'profiles' });
const permissions: Scope['permissions'] = new Set(['c', 'r', 'u', 's'] as const);
const citizen: PageSession['principal'] = {
  kind: 'citizen',
  who: `Patient/${CITIZEN}`,
  patientId: CITIZEN,
  scopes: [{ level: 'patient', resource: '*', permissions }],
  sectors: ['health', 'social'],
};

/** The pages over a real store, with the FHIR API's own pipeline for what they write. */
export async function openSite(change: Partial<WebOptions> = {}): Promise<Site> {
  const database = await createTestDatabase();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = () => NOW;
  const store = createStore({ database: database.database, definitions, clock });
  const access = createAccess({ definitions, store, clock });
  const builtIn = createBuiltIn(definitions);
  const codes = createCodeJudge(builtIn);
  const conformance = createConformance({ definitions, codes });
  const deliveries: ConsoleDelivery[] = [];
  const retried: string[] = [];
  const log: string[] = [];
  const note = (fields: object, message: string) => void log.push(JSON.stringify({ ...fields, message }));
  const logger = { info: note, warn: note, error: note };
  const app = express();
  app.use(requestId(() => crypto.randomUUID()));
  const transact = createTransact({
    definitions,
    store,
    access,
    conformance,
    terminology: { builtIn, prepareFor: codes.prepareFor },
    forms: { completeResponse },
    authenticate: () => Promise.reject(new SiltaError('unauthenticated', 'The pages need no token.')),
    mapSandbox: createMapSandbox({ profiles: 'profiles' }),
    smartConfiguration: () => ({}),
    baseUrl: `${url}/fhir`,
    clock,
    uuid: () => crypto.randomUUID(),
    logger,
    limits: {
      bodyBytes: 200_000,
      bodyDepth: 40,
      bundleEntries: 20,
      defaultCount: 20,
      maxCount: 200,
      maxIncluded: 30,
    },
    sealingKey: Buffer.alloc(32, 5),
    version: '0.1.0',
    clientIds: false,
    enforceReferences: true,
    exports: createExportStore({ database: database.database, definitions, clock }),
    subscriptions: {
      perClient: 1,
      allowPrivate: false,
      count: async () => 0,
      seal: createSeal(Buffer.alloc(32, 6)),
    },
    exportLimits: { perClient: 1, lifetimeMs: 60_000, rowsPerFile: 100 },
  });
  app.use(
    createWeb({
      session: async (request) => sessionOf(request),
      signInPath: (returnTo, language) =>
        `/identity/suomifi/start?return=${encodeURIComponent(returnTo)}&lang=${language}`,
      signOutPath: '/identity/logout',
      operator: async (token) => operatorOf(token),
      store,
      access,
      questionnaire: async (canonical) => findQuestionnaire(canonical),
      validateResponse: (response, questionnaire) => conformance.validateResponse(response, questionnaire),
      transact,
      operations: {
        listDeliveries: async ({ state, system }) => ({
          deliveries: deliveries.filter(
            (one) => one.state === state && (system === undefined || one.system === system),
          ),
        }),
        stats: async () => ({
          changes: { unhandled: 3, oldestSeconds: 61 },
          deliveries: [
            { system: 'sap-c4c', state: 'dead', count: 1, oldestSeconds: 7300, breaker: 'closed' },
          ],
        }),
        retryDelivery: async (id) => {
          if (!deliveries.some((one) => one.id === id)) {
            throw new SiltaError('not-found', 'There is no delivery with this id.');
          }
          retried.push(id);
        },
      },
      clock,
      uuid: () => crypto.randomUUID(),
      logger,
      secure: false,
      ...change,
    }),
  );
  server.on('request', app);
  await seed(store);
  const ask = async (path: string, init: RequestInit): Promise<Page> => {
    const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  return {
    url,
    store,
    deliveries,
    retried,
    log,
    get: (path, headers = { cookie: 'session=citizen' }) => ask(path, { headers }),
    post: (path, fields, cookie = 'session=citizen') => {
      const body = new URLSearchParams(
        Object.entries(fields).flatMap(([name, value]) =>
          [value].flat().map((one): [string, string] => [name, one]),
        ),
      );
      return ask(path, { method: 'POST', body, headers: { cookie } });
    },
    close: async () => {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await database.drop();
    },
  };
}

function sessionOf(request: Request): PageSession | undefined {
  if (!request.headers.cookie?.includes('session=citizen')) return undefined;
  return { principal: citizen, displayName: 'Aino <Esimerkki>', csrfToken: CSRF };
}

function operatorOf(token: string) {
  if (token !== OPERATOR_TOKEN && token !== WATCHER_TOKEN) return undefined;
  const principal: Principal = { kind: 'system', who: 'Device/operator', scopes: [], sectors: ['health'] };
  return { principal, mayRetry: token === OPERATOR_TOKEN };
}

function findQuestionnaire(canonical: string): Questionnaire | undefined {
  const found = definitions.content.find((one) => one['url'] === canonical.split('|')[0]);
  return found as unknown as Questionnaire | undefined;
}

async function seed(store: Store): Promise<void> {
  const people = [CITIZEN, STRANGER].map((id) => ({ resourceType: 'Patient', id, active: true }));
  const content = definitions.content.filter(({ resourceType }) => resourceType === 'Questionnaire');
  await put(store, ...people, ...content);
}

/** Stores resources as the gateway itself. */
export async function put(store: Store, ...resources: readonly Resource[]): Promise<void> {
  await store.write(
    resources.map((resource) => ({
      kind: 'update',
      resource: resource as Resource & { readonly id: string },
      orCreate: true,
    })),
    { principal: GATEWAY, requestId: 'seed' },
  );
}

/** A Task of the citizen's. */
export function taskOf(id: string, extra: Record<string, unknown> = {}): Resource {
  return {
    resourceType: 'Task',
    id,
    meta: { security: [{ system: `${ROOT}/CodeSystem/sector`, code: 'health' }] },
    language: 'fi',
    status: 'requested',
    intent: 'order',
    for: { reference: `Patient/${CITIZEN}` },
    owner: { reference: `Patient/${CITIZEN}` },
    authoredOn: '2026-03-01T08:00:00Z',
    ...extra,
  };
}

export function codeOf(code: string, text: string): Record<string, unknown> {
  return { code: { coding: [{ system: `${ROOT}/CodeSystem/task-code`, code }], text } };
}

/** What a `complete-questionnaire` Task names. */
export function questionnaireInput(name: string): Record<string, unknown> {
  return {
    input: [
      {
        type: { coding: [{ system: `${ROOT}/CodeSystem/task-input`, code: 'questionnaire' }] },
        valueCanonical: `${ROOT}/Questionnaire/${name}|1.0.0`,
      },
    ],
  };
}
