/**
 * A stand-in of SAP Sales/Service Cloud (C4C): the OData v2 service requests of one tenant, in memory.
 * @see https://github.com/SAP-archive/C4CODATAAPIDEVGUIDE
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { createFaultControl } from '../fault-control.ts';
import type { SandboxDependencies } from '../types.ts';
import { renderMetadata } from './metadata.ts';
import { type Gateway, type Notification, notifyGateway, statusMessage } from './notify-gateway.ts';
import { readFilter, refuseTicket, ticketRules } from './ticket-rules.ts';
import { asEntity, createTickets, type Ticket } from './tickets.ts';

export interface C4cStandInOptions extends SandboxDependencies {
  readonly username: string;
  readonly password: string;
  /** The tenant's extension fields of a ticket. */
  readonly extensionFields?: readonly string[];
  /** Extension field that carries the sender's own id. */
  readonly externalIdField?: string;
  /** Where completed and closed tickets are told; nothing is told without it. */
  readonly gateway?: Gateway;
  /** Pauses before the repetitions of a message the gateway did not take, in milliseconds. */
  readonly notifyPauses?: readonly number[];
}

export interface C4cStandIn {
  readonly app: Express;
  tickets(): readonly Ticket[];
  /** Resolves when every message to the gateway has been taken or given up. */
  settled(): Promise<void>;
}

const SERVICE = '/sap/c4c/odata/v1/c4codataapi';
const COLLECTION = `${SERVICE}/ServiceRequestCollection`;
const ENTITY =
  /^\/sap\/c4c\/odata\/v1\/c4codataapi\/ServiceRequestCollection\((?:'|%27)([0-9A-F]{32})(?:'|%27)\)$/;
const TEXTS = new RegExp(`${ENTITY.source.slice(0, -1)}\\/ServiceRequestTextCollection$`);
const DEFAULT_EXTENSIONS = [
  'ExternalReference_KUT',
  'CustomerName_KUT',
  'CustomerPersonalId_KUT',
  'TicketKind_KUT',
  'CustomerPhone_KUT',
  'NonDisclosure_KUT',
];
const PAGE = 1000;
/** Life-cycle states that the gateway is told of: completed and closed. */
const TOLD = new Set(['3', '4']);

/** Makes the stand-in's own Express app: the OData service and the control API under `/control`. */
export function createC4cStandIn(options: C4cStandInOptions): C4cStandIn {
  const externalIdField = options.externalIdField ?? 'ExternalReference_KUT';
  const rules = ticketRules([
    ...new Set([...(options.extensionFields ?? DEFAULT_EXTENSIONS), externalIdField]),
  ]);
  const tickets = createTickets(options);
  const notifications: Notification[] = [];
  const pending = new Set<Promise<void>>();
  const control = createFaultControl({
    now: options.now,
    received: () => ({ tickets: tickets.all(), notifications }),
  });

  const changed = (before: Ticket, after: Ticket) => {
    const code = String(after.fields['ServiceRequestLifeCycleStatusCode']);
    if (!TOLD.has(code) || code === before.fields['ServiceRequestLifeCycleStatusCode'] || !options.gateway)
      return;
    const notification = { message: statusMessage(after, externalIdField, options), attempts: [] };
    notifications.push(notification);
    const work = notifyGateway(
      options.gateway,
      notification,
      options.notifyPauses ?? [500, 2000, 8000],
      options,
    );
    pending.add(work);
    work.finally(() => pending.delete(work));
  };

  const app = express();
  app.disable('x-powered-by');
  app.use(control.router);
  app.use(control.apply, basicAuth(options.username, options.password), jsonOnly);
  app.use(express.json({ limit: '1mb' }));
  const service: Service = { rules, tickets, externalIdField, about: control.about, changed };
  app.get(`${SERVICE}/$metadata`, (_, response) => void response.type('xml').send(renderMetadata(rules)));
  app.get(COLLECTION, (request, response) => list(service, request, response));
  app.post(COLLECTION, (request, response) => create(service, request, response));
  app.get(TEXTS, (request, response) => readTexts(service, request, response));
  app.get(ENTITY, (request, response) => read(service, request, response));
  app.patch(ENTITY, (request, response) => update(service, request, response));
  app.use((_: Request, response: Response) => fail(response, 404, 'Resource not found.'));
  app.use(refuseBody);
  return {
    app,
    tickets: tickets.all,
    settled: async () => {
      await Promise.all(pending);
    },
  };
}

interface Service {
  readonly rules: ReturnType<typeof ticketRules>;
  readonly tickets: ReturnType<typeof createTickets>;
  readonly externalIdField: string;
  about(response: Response, key: string): void;
  changed(before: Ticket, after: Ticket): void;
}

function list(on: Service, request: Request, response: Response) {
  const { $filter, $top, $skip, $inlinecount } = request.query;
  const condition = typeof $filter === 'string' ? readFilter($filter, on.rules) : undefined;
  if (typeof condition === 'string') return fail(response, 400, condition);
  const [top, skip] = [readCount($top, PAGE), readCount($skip, 0)];
  if (top === undefined || skip === undefined)
    return fail(response, 400, '$top and $skip are whole numbers.');
  const matching = on.tickets
    .all()
    .map((ticket) => asEntity(ticket, collectionUrl(request)))
    .filter((entity) => !condition || String(entity[condition.field] ?? '') === condition.value);
  const count = $inlinecount === 'allpages' ? { __count: String(matching.length) } : {};
  response.json({ d: { ...count, results: matching.slice(skip, skip + Math.min(top, PAGE)) } });
}

function create(on: Service, request: Request, response: Response) {
  const externalId: unknown = request.body?.[on.externalIdField];
  if (typeof externalId === 'string') on.about(response, externalId);
  const problem = refuseTicket(request.body, on.rules, 'create');
  if (problem) return fail(response, 400, problem);
  const ticket = on.tickets.create(request.body);
  const entity = asEntity(ticket, collectionUrl(request));
  response
    .status(201)
    .set('ETag', ticket.ETag)
    .location(`${collectionUrl(request)}('${ticket.ObjectID}')`);
  response.json({ d: { results: entity } });
}

function read(on: Service, request: Request, response: Response) {
  const ticket = on.tickets.get(request.params[0] ?? '');
  if (!ticket) return fail(response, 404, 'Resource not found.');
  response.set('ETag', ticket.ETag).json({ d: { results: asEntity(ticket, collectionUrl(request)) } });
}

function readTexts(on: Service, request: Request, response: Response) {
  const ticket = on.tickets.get(request.params[0] ?? '');
  if (!ticket) return fail(response, 404, 'Resource not found.');
  response.json({ d: { results: ticket.texts } });
}

function update(on: Service, request: Request, response: Response) {
  const ticket = on.tickets.get(request.params[0] ?? '');
  if (!ticket) return fail(response, 404, 'Resource not found.');
  const condition = request.get('if-match');
  if (!condition) return fail(response, 428, 'If-Match is required.');
  if (condition !== '*' && condition !== ticket.ETag) return fail(response, 412, 'The entity was changed.');
  const problem = refuseTicket(request.body, on.rules, 'update');
  if (problem) return fail(response, 400, problem);
  const after = on.tickets.change(ticket, request.body);
  response.status(204).set('ETag', after.ETag).end();
  on.changed(ticket, after);
}

function readCount(value: unknown, otherwise: number): number | undefined {
  if (value === undefined) return otherwise;
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

function collectionUrl(request: Request): string {
  return `${request.protocol}://${request.get('host')}${request.baseUrl}${COLLECTION}`;
}

/** An error as OData v2 writes it. */
function fail(response: Response, status: number, text: string) {
  response.status(status).json({ error: { code: String(status), message: { lang: 'en', value: text } } });
}

function basicAuth(username: string, password: string) {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`);
  return (request: Request, response: Response, next: NextFunction) => {
    if (timingSafeEqual(digest(request.get('authorization') ?? ''), expected)) return next();
    response.set('WWW-Authenticate', 'Basic realm="C4C"');
    fail(response, 401, 'Unauthorized.');
  };
}

/** C4C answers in Atom unless JSON is asked for; the stand-in speaks JSON only and says so. */
function jsonOnly(request: Request, response: Response, next: NextFunction) {
  const isMetadata = request.path.endsWith('/$metadata');
  const asked = request.query['$format'] === 'json' || request.get('accept')?.includes('application/json');
  if (isMetadata || asked) return next();
  fail(response, 406, 'The stand-in answers in JSON only: ask with $format=json.');
}

/** A body that is not JSON, or too large. */
function refuseBody(error: { status?: number }, _: Request, response: Response, __: NextFunction) {
  const status = error.status ?? 500;
  fail(response, status, status < 500 ? 'Malformed syntax or too large body.' : 'Internal error.');
}
