/** From an HTTP request to the caller: bearer token or browser session, for the API, the pages and the operators. */
import type { Request } from 'express';
import type { Patient } from 'fhir/r4';
import { type Identity, parseScopes } from './identity/index.ts';
import { SiltaError } from './outcome.ts';
import type { Principal } from './principal.ts';
import type { Store } from './store/index.ts';
import type { Operator, PageSession } from './web/index.ts';

export interface WhoIs {
  /** @throws SiltaError `unauthenticated`, `token-expired` or `forbidden` */
  authenticate(request: Request): Promise<Principal>;
  /** @throws SiltaError `forbidden` for callers without operator scopes */
  requireOperator(request: Request): Promise<void>;
  readonly operator: (accessToken: string) => Promise<Operator | undefined>;
  readonly pageSession: (request: Request) => Promise<PageSession | undefined>;
}

/** What an operator's scopes are about; a delivery is no FHIR resource. */
const OPERATED = 'Delivery';

/** What a citizen may do through the gateway's own pages. */
const PAGE_SCOPES = parseScopes('patient/*.rs patient/QuestionnaireResponse.crs patient/Task.rus');

/** Joins identity with what the rooms ask of a request. */
export function createWhoIs(identity: Identity, store: Store): WhoIs {
  const byToken = (authorization: string | undefined) =>
    identity.authenticate({ authorization, method: 'GET' });
  return {
    authenticate: (request) =>
      identity.authenticate({
        authorization: request.get('authorization'),
        cookie: request.get('cookie'),
        method: request.method,
        csrfToken: request.get('x-csrf-token'),
      }),
    async requireOperator(request) {
      const needed = request.method === 'GET' ? 'r' : 'u';
      if (mayOperate(await byToken(request.get('authorization')), needed)) return;
      throw new SiltaError('forbidden', `This needs the scope system/${OPERATED}.${needed}.`);
    },
    async operator(accessToken) {
      const principal = await byToken(`Bearer ${accessToken}`).catch(ignoreRefusal);
      if (!principal || !mayOperate(principal, 'r')) return undefined;
      return { principal, mayRetry: mayOperate(principal, 'u') };
    },
    pageSession: (request) => readPageSession(identity, store, request),
  };
}

function mayOperate(principal: Principal, permission: 'r' | 'u'): boolean {
  return principal.scopes.some(
    ({ level, resource, permissions }) =>
      level === 'system' && resource === OPERATED && permissions.has(permission),
  );
}

/** A token that is not valid is nobody's; any other failure is not for the caller to hide. */
function ignoreRefusal(error: unknown): undefined {
  if (error instanceof SiltaError && error.status < 500) return undefined;
  throw error;
}

async function readPageSession(
  identity: Identity,
  store: Store,
  request: Request,
): Promise<PageSession | undefined> {
  const session = await identity.session(request.get('cookie'));
  if (!session) return undefined;
  // A page that is posted writes: whoever acts for another is asked about first.
  if (request.method === 'POST') await identity.confirmMandate(session);
  const { patientId, acting, acr, csrfToken, locale } = session;
  return {
    principal: {
      kind: 'citizen',
      who: `Patient/${patientId}`,
      patientId: acting?.patientId ?? patientId,
      ...(acting && { actsAs: acting.actsAs }),
      acr,
      scopes: PAGE_SCOPES,
      sectors: ['health', 'social'],
    },
    displayName: await readDisplayName(store, patientId),
    ...(acting && { actingFor: await readDisplayName(store, acting.patientId) }),
    offersMandates: identity.offersMandates,
    csrfToken,
    language: locale,
  };
}

async function readDisplayName(store: Store, patientId: string): Promise<string> {
  const stored = await store.read('Patient', patientId);
  const [name] = stored?.content ? ((JSON.parse(stored.content) as Patient).name ?? []) : [];
  return name?.text ?? [...(name?.given ?? []), name?.family].filter(Boolean).join(' ');
}
