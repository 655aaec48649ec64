/**
 * A stand-in of the Suomi.fi-valtuudet (e-Authorizations) service: the Web API with its checksum header and sessions,
 * the page on which a person is chosen, and the query without a session. It refuses what the real one would: a wrong
 * checksum, a clock that is five minutes off, a session or a code that is not there.
 * @see https://kehittajille.suomi.fi/services/e-authorizations/technical-documentation
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler, type Response, Router } from 'express';

export interface ValtuudetStandInOptions {
  readonly clientId: string;
  readonly apiKey: string;
  readonly oauthPassword: string;
  readonly restApiKey: string;
  readonly redirectUri: string;
  readonly now: () => Date;
}

/** One person's right to act for another. */
export interface Right {
  readonly delegate: string;
  readonly principal: string;
  /** Name of the principal, family name first. */
  readonly name: string;
  readonly roles: readonly string[];
}

export interface ValtuudetStandIn {
  /** Serves `/service/…` and `/oauth/…`. */
  readonly app: Express;
  /** The rights that are in force; a test or a demo changes them. */
  readonly rights: Right[];
  /** Whether the service answers at all. */
  setDown(down: boolean): void;
}

interface Session {
  readonly userId: string;
  readonly delegate: string;
  chosen: readonly string[];
}

const CLOCK_MS = 5 * 60_000;
const TOKEN_SECONDS = 599;

/** What the stand-in remembers. */
interface Memory {
  readonly options: ValtuudetStandInOptions;
  readonly rights: Right[];
  readonly sessions: Map<string, Session>;
  /** Codes that were given out, for the session's user. */
  readonly codes: Map<string, string>;
  readonly tokens: Set<string>;
}

export function createValtuudetStandIn(options: ValtuudetStandInOptions): ValtuudetStandIn {
  const memory: Memory = {
    options,
    rights: [],
    sessions: new Map(),
    codes: new Map(),
    tokens: new Set(),
  };
  let down = false;
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    if (down) response.status(503).type('text').send('down\n');
    else next();
  });
  app.use(serveChoice(memory), serveSession(memory), serveRest(memory));
  return {
    app,
    rights: memory.rights,
    setDown: (state) => {
      down = state;
    },
  };
}

/** The choice of a person in the browser, and the token for what was chosen. */
function serveChoice(memory: Memory): Router {
  const { options, sessions, codes, tokens } = memory;
  const router = Router();
  router.get('/oauth/authorize', (request, response) => showChoice(memory, request, response));
  router.post('/oauth/authorize', express.urlencoded({ extended: false }), (request, response) => {
    const { user, state, person } = request.body as Readonly<Record<string, string>>;
    const session = [...sessions.values()].find(({ userId }) => userId === user);
    if (!session) return void response.status(400).type('text').send('no such session\n');
    const address = new URL(options.redirectUri);
    address.searchParams.set('state', state ?? '');
    const chosen = rightsOf(memory, session.delegate).find((_right, index) => String(index) === person);
    if (chosen) {
      session.chosen = [chosen.principal];
      const code = newId();
      codes.set(code, session.userId);
      address.searchParams.set('code', code);
    } else address.searchParams.set('error', 'access_denied');
    response.redirect(303, address.href);
  });
  router.post('/oauth/token', (request, response) => {
    const basic = Buffer.from(`${options.clientId}:${options.oauthPassword}`).toString('base64');
    const { code, redirect_uri: redirectUri } = request.query;
    const known = request.get('authorization') === `Basic ${basic}` && redirectUri === options.redirectUri;
    if (!known || !codes.delete(String(code)))
      return void response.status(400).json({ error: 'invalid_grant' });
    const token = newId();
    tokens.add(token);
    response.json({ access_token: token, token_type: 'bearer', expires_in: TOKEN_SECONDS, scope: 'read' });
  });
  return router;
}

/** The Web API: registration, whom was chosen, and the roles. */
function serveSession(memory: Memory): Router {
  const { options, sessions, tokens } = memory;
  const router = Router();
  const web = checkHeader(options, options.apiKey);
  const withToken = ownToken(tokens);
  router.get('/service/hpa/user/register/:clientId/:delegate', web, (request, response) => {
    const [sessionId, userId] = [newId(), newId()];
    sessions.set(sessionId, { userId, delegate: String(request.params['delegate']), chosen: [] });
    response.json({ sessionId, userId });
  });
  router.get('/service/hpa/api/delegate/:session', web, withToken, (request, response) => {
    const session = findSession(sessions, request, response);
    if (!session) return;
    const chosen = rightsOf(memory, session.delegate).filter(({ principal }) =>
      session.chosen.includes(principal),
    );
    response.json(chosen.map(({ principal, name }) => ({ personId: principal, name })));
  });
  router.get(
    '/service/hpa/api/authorizationlist/:session/:principal',
    web,
    withToken,
    (request, response) => {
      const session = findSession(sessions, request, response);
      if (!session) return;
      const { principal } = request.params;
      const right = rightsOf(memory, session.delegate).find((each) => each.principal === principal);
      response.json({ roles: right?.roles ?? [], reasons: [] });
    },
  );
  return router;
}

/** The query without a session: may one person act for another now? The default is no. */
function serveRest(memory: Memory): Router {
  const { options } = memory;
  const router = Router();
  const rest = checkHeader(options, options.restApiKey);
  router.get('/service/rest/hpa/authorization/:clientId/:delegate/:principal', rest, (request, response) => {
    if (!request.get('x-userid')) return void response.status(400).json({ error: 'X-userId is missing' });
    const { delegate, principal } = request.params;
    const right = rightsOf(memory, String(delegate)).find((each) => each.principal === principal);
    const { issue } = request.query;
    // An adult's mandate is asked for by its theme.
    const allowed = right?.roles.includes(typeof issue === 'string' ? issue : 'ALL') ?? false;
    response.json({ result: allowed ? 'ALLOWED' : 'DISALLOWED', reasons: [] });
  });
  return router;
}

function rightsOf({ rights }: Memory, delegate: string): readonly Right[] {
  return rights.filter((right) => right.delegate === delegate);
}

const newId = (): string => randomBytes(16).toString('hex');

/** Client id, instant and checksum of the request; https://kehittajille.suomi.fi */
function checkHeader({ clientId, now }: ValtuudetStandInOptions, key: string): RequestHandler {
  return (request, response, next) => {
    const [id, instant = '', sum = ''] = (request.get('x-asiointivaltuudetauthorization') ?? '').split(' ');
    const expected = createHmac('sha256', key).update(`${request.url} ${instant}`).digest();
    const given = Buffer.from(sum, 'base64');
    const isSame = given.length === expected.length && timingSafeEqual(given, expected);
    const isInTime = Math.abs(Date.parse(instant) - now().getTime()) <= CLOCK_MS;
    if (id === clientId && isSame && isInTime) next();
    else response.status(403).json({ error: 'checksum' });
  };
}

function ownToken(tokens: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const token = (request.get('authorization') ?? '').replace(/^Bearer /, '');
    if (tokens.has(token)) next();
    else response.status(401).json({ error: 'invalid_token' });
  };
}

function findSession(
  sessions: ReadonlyMap<string, Session>,
  request: Request,
  response: Response,
): Session | undefined {
  const session = sessions.get(String(request.params['session']));
  if (!session) response.status(401).json({ error: 'session' });
  return session;
}

/** The page of the choice: a plain form that works without scripts. */
function showChoice(memory: Memory, request: Request, response: Response): void {
  const { options, sessions } = memory;
  const { client_id: clientId, user, state = '', redirect_uri: redirectUri } = request.query;
  const session = [...sessions.values()].find(({ userId }) => userId === user);
  if (!session || clientId !== options.clientId || redirectUri !== options.redirectUri) {
    response.status(400).type('text').send('The request is not known.\n');
    return;
  }
  const rows = rightsOf(memory, session.delegate).map(
    ({ name }, index) =>
      `<p><label><input type="radio" name="person" value="${index}" required> ${escapeHtml(name)}</label></p>`,
  );
  response.type('html').send(`<!doctype html>
<html lang="fi"><head><meta charset="utf-8"><title>Testivaltuudet</title></head><body><main><h1>Kenen puolesta asioit?</h1>
<form method="post" action="${escapeHtml(request.baseUrl)}/oauth/authorize"><input type="hidden" name="user" value="${escapeHtml(String(user))}"><input type="hidden" name="state" value="${escapeHtml(String(state))}">
${rows.join('\n') || '<p>Sinulla ei ole valtuuksia.</p>'}
<button name="decision" value="choose">Valitse</button> <button name="person" value="cancel" formnovalidate>Peruuta</button>
</form></main></body></html>
`);
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
