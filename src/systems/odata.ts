/**
 * Transport `odata`: SAP C4C's OData v2.
 *
 * OData knows no idempotency key. Before it creates anything the transport looks for the external id of the
 * message, so an attempt whose answer was lost does not make a second ticket.
 * @see https://github.com/SAP-archive/C4CODATAAPIDEVGUIDE
 * @see https://www.odata.org/documentation/odata-version-2-0/operations/
 */
import { type Connection, connect, type TransportDependencies } from './connection.ts';
import type { Answer } from './exchange.ts';
import { type CsrfGuard, createCsrfGuard, NO_CSRF } from './odata-csrf.ts';
import {
  type Entity,
  encodeDates,
  readEntities,
  readEtag,
  sameValue,
  stringLiteral,
} from './odata-format.ts';
import { passing, permanent, settle } from './send-failure.ts';
import type { OutgoingMessage, SendResult, SystemDefinition, Transport } from './types.ts';

interface ODataSend {
  readonly collection: string;
  /** Element that carries the gateway's id of the message. */
  readonly externalId: string;
  /** Key element of the collection, `ObjectID` in C4C. */
  readonly key: string;
  /** Elements brought up to date when the entity is there already; the others belong to the system. */
  readonly update?: readonly string[];
  /** Elements of type Edm.DateTime or Edm.DateTimeOffset. */
  readonly dates?: readonly string[];
}

interface Exchange {
  readonly connection: Connection;
  readonly csrf: CsrfGuard;
  readonly how: ODataSend;
  readonly signal: AbortSignal;
}

interface Found {
  readonly entity: Entity;
  readonly id: string;
  readonly etag: string | undefined;
}

/** Sends a message as an entity of an OData v2 collection: creates it, or updates the one that is there. */
export function createODataTransport(
  system: SystemDefinition,
  dependencies: TransportDependencies,
): Transport {
  const connection = connect(system.transport, dependencies);
  const csrf = system.transport.options['csrf'] === true ? createCsrfGuard(connection) : NO_CSRF;
  return {
    send: (message) =>
      settle(() => {
        const how = { key: 'ObjectID', ...message.send } as unknown as ODataSend;
        return send({ connection, csrf, how, signal: message.signal }, message);
      }),
  };
}

async function send(on: Exchange, message: OutgoingMessage): Promise<SendResult> {
  const wanted = encodeDates(message.payload, new Set(on.how.dates ?? [])) as Entity;
  const externalId = wanted[on.how.externalId];
  if (typeof externalId !== 'string' || externalId === '') {
    throw permanent('required', `The message has no '${on.how.externalId}', by which it is found again.`);
  }
  const found = await findByExternalId(on, externalId);
  return found ? bringUpToDate(on, found, wanted) : create(on, wanted);
}

async function findByExternalId(on: Exchange, externalId: string): Promise<Found | undefined> {
  const url = collectionUrl(on);
  url.searchParams.set('$filter', `${on.how.externalId} eq ${stringLiteral(externalId)}`);
  url.searchParams.set('$top', '2');
  const { entities } = await readAnswer(on, url);
  const [entity, second] = entities;
  if (second) {
    throw permanent(
      'multiple-matches',
      `More than one entity of ${on.how.collection} carries this message's '${on.how.externalId}'; merge them in the system.`,
    );
  }
  return entity && asFound(on, entity, null);
}

async function reread(on: Exchange, id: string): Promise<Found> {
  const { entities, answer } = await readAnswer(on, entityUrl(on, id));
  const [entity] = entities;
  if (!entity) throw passing('structure', 'The system answered a read with no entity.');
  return asFound(on, entity, answer.headers.get('etag'));
}

async function readAnswer(on: Exchange, url: URL): Promise<{ answer: Answer; entities: readonly Entity[] }> {
  url.searchParams.set('$format', 'json');
  const headers = { accept: 'application/json' };
  const answer = await on.connection.request({ method: 'GET', url, headers, signal: on.signal });
  if (answer.status !== 200) throw on.connection.refusal('GET', answer);
  const entities = readEntities(answer.body);
  if (!entities)
    throw passing('structure', 'The system answered a read with something that is not OData JSON.');
  return { answer, entities };
}

function asFound(on: Exchange, entity: Entity, etagHeader: string | null): Found {
  const id = entity[on.how.key];
  if (typeof id !== 'string') throw passing('structure', `The system answered without '${on.how.key}'.`);
  return { entity, id, etag: readEtag(entity, etagHeader) };
}

async function create(on: Exchange, wanted: Entity): Promise<SendResult> {
  const url = collectionUrl(on);
  url.searchParams.set('$format', 'json');
  const answer = await modify(on, 'POST', url, wanted, {});
  if (answer.status !== 201 && answer.status !== 200) throw on.connection.refusal('POST', answer);
  const [entity] = readEntities(answer.body) ?? [];
  if (!entity)
    throw passing('structure', 'The system answered a create with something that is not OData JSON.');
  return { ok: true, status: answer.status, remoteId: asFound(on, entity, null).id };
}

/** Writes what differs. On 412 someone was faster: read what is there now and try once more. */
async function bringUpToDate(on: Exchange, found: Found, wanted: Entity): Promise<SendResult> {
  const first = await patchDifferences(on, found, wanted);
  const answer =
    first?.status === 412 ? await patchDifferences(on, await reread(on, found.id), wanted) : first;
  if (!answer) return { ok: true, status: 200, remoteId: found.id };
  if (answer.status === 412) throw passing('conflict', 'The entity kept changing in the system (412 twice).');
  if (answer.status < 200 || answer.status > 299) throw on.connection.refusal('PATCH', answer);
  return { ok: true, status: answer.status, remoteId: found.id };
}

async function patchDifferences(on: Exchange, found: Found, wanted: Entity): Promise<Answer | undefined> {
  const names = (on.how.update ?? []).filter(
    (name) => wanted[name] !== undefined && !sameValue(found.entity[name], wanted[name]),
  );
  if (names.length === 0) return undefined;
  const changes = Object.fromEntries(names.map((name) => [name, wanted[name]]));
  return modify(on, 'PATCH', entityUrl(on, found.id), changes, { 'if-match': found.etag ?? '*' });
}

/** A modifying request; a CSRF token that has run out (403, `x-csrf-token: Required`) is fetched anew once. */
async function modify(
  on: Exchange,
  method: string,
  url: URL,
  body: Entity,
  extra: Readonly<Record<string, string>>,
): Promise<Answer> {
  const once = async () => {
    const headers = {
      ...extra,
      ...(await on.csrf.headers(on.signal)),
      accept: 'application/json',
      'content-type': 'application/json',
    };
    return on.connection.request({ method, url, headers, body: JSON.stringify(body), signal: on.signal });
  };
  const answer = await once();
  if (answer.status !== 403 || answer.headers.get('x-csrf-token')?.toLowerCase() !== 'required')
    return answer;
  on.csrf.forget();
  return once();
}

function collectionUrl(on: Exchange): URL {
  return new URL(on.how.collection, on.connection.base);
}

function entityUrl(on: Exchange, id: string): URL {
  return new URL(`${on.how.collection}(${encodeURIComponent(stringLiteral(id))})`, on.connection.base);
}
