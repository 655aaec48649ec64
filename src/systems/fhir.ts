/**
 * Transport `fhir`: a message is a FHIR resource, written to another FHIR server.
 * @see https://hl7.org/fhir/R4/http.html
 */
import { Client } from 'fhir-kit-client';
import { type Connection, connect, type TransportDependencies } from './connection.ts';
import { passing, permanent, SendFailure, settle } from './send-failure.ts';
import type { OutgoingMessage, SendResult, SystemDefinition, Transport } from './types.ts';

interface FhirSend {
  /** `conditional-create` and `conditional-update` find what is there by the identifier of this system. */
  readonly interaction: 'create' | 'update' | 'conditional-create' | 'conditional-update';
  readonly identifierSystem?: string;
}

interface FhirMessage {
  readonly resourceType: string;
  readonly id?: string;
  readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
  readonly [element: string]: unknown;
}

/** Writes resources to a FHIR R4 server with `fhir-kit-client`. */
export function createFhirTransport(
  system: SystemDefinition,
  dependencies: TransportDependencies,
): Transport {
  const connection = connect(system.transport, dependencies);
  const client = new Client({
    baseUrl: connection.base.href.replace(/\/$/, ''),
    requestOptions: { redirect: 'error' },
  });
  return { send: (message) => settle(() => send(client, connection, message)) };
}

async function send(client: Client, connection: Connection, message: OutgoingMessage): Promise<SendResult> {
  const resource = readResource(message.payload);
  const how = message.send as unknown as FhirSend;
  const signal = AbortSignal.any([message.signal, AbortSignal.timeout(connection.limits.timeoutMs)]);
  const write = async () => {
    const headers = { ...(await connection.authorization.headers(signal)) };
    return interact(client, how, resource, { headers, signal });
  };
  try {
    return await write();
  } catch (error) {
    if (statusOf(error) !== 401 || !connection.authorization.forget()) throw asFailure(error, connection);
  }
  try {
    return await write();
  } catch (error) {
    throw asFailure(error, connection);
  }
}

interface RequestDetails {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

async function interact(
  client: Client,
  how: FhirSend,
  resource: FhirMessage,
  details: RequestDetails,
): Promise<SendResult> {
  const { resourceType } = resource;
  const body = { ...resource };
  switch (how.interaction) {
    case 'create':
      return asResult(await client.create({ resourceType, body, options: details }), resource);
    case 'conditional-create': {
      const headers = { ...details.headers, 'If-None-Exist': `identifier=${identifierToken(how, resource)}` };
      return asResult(
        await client.create({ resourceType, body, options: { ...details, headers } }),
        resource,
      );
    }
    case 'update': {
      if (!resource.id) throw permanent('required', `The ${resourceType} has no id to be updated by.`);
      return asResult(
        await client.update({ resourceType, id: resource.id, body, options: details }),
        resource,
      );
    }
    case 'conditional-update': {
      // fhir-kit-client encodes search parameters itself.
      const searchParams = { identifier: decodeURIComponent(identifierToken(how, resource)) };
      return asResult(await client.update({ resourceType, searchParams, body, options: details }), resource);
    }
  }
}

/** `system|value`, encoded; a personal identity code is refused because it would stand in a URL or header. */
function identifierToken(how: FhirSend, resource: FhirMessage): string {
  const value = resource.identifier?.find((identifier) => identifier.system === how.identifierSystem)?.value;
  if (!how.identifierSystem || !value) {
    throw permanent(
      'required',
      `The ${resource.resourceType} has no identifier of system '${how.identifierSystem}', by which it is found again.`,
    );
  }
  if (how.identifierSystem === 'urn:oid:1.2.246.21') {
    throw permanent('security', 'A personal identity code never goes into a URL; choose another identifier.');
  }
  return encodeURIComponent(`${how.identifierSystem}|${value}`);
}

function readResource(payload: unknown): FhirMessage {
  const type = (payload as { resourceType?: unknown } | null)?.resourceType;
  if (typeof type !== 'string') throw permanent('structure', 'The message is not a FHIR resource.');
  return payload as FhirMessage;
}

/** The id of what was written: of the body, or of the Location header when the server answers with none. */
function asResult(written: { readonly [element: string]: unknown }, sent: FhirMessage): SendResult {
  const response = Client.httpFor(written as { resourceType: string }).response;
  const location = response?.headers.get('location') ?? '';
  const fromLocation = new RegExp(`${sent.resourceType}/([A-Za-z0-9\\-.]{1,64})`).exec(location)?.[1];
  const fromBody = written['resourceType'] === sent.resourceType ? written['id'] : undefined;
  const remoteId = typeof fromBody === 'string' ? fromBody : fromLocation;
  return {
    ok: true,
    ...(response && { status: response.status }),
    ...(remoteId && { remoteId }),
  };
}

interface ClientError {
  readonly response?: { readonly status: number; readonly data: unknown };
  readonly config?: { readonly method: string; readonly headers: Headers };
}

function statusOf(error: unknown): number | undefined {
  return (error as ClientError | null)?.response?.status;
}

function asFailure(error: unknown, connection: Connection): SendFailure {
  if (error instanceof SendFailure) return error;
  const { response, config } = (error ?? {}) as ClientError;
  if (response && config) {
    if (response.status < 300)
      return passing('structure', 'The system answered with success, but not with FHIR JSON.');
    const body = typeof response.data === 'string' ? response.data : JSON.stringify(response.data);
    return connection.refusal(config.method, { status: response.status, headers: config.headers, body });
  }
  const name = (error as { name?: unknown } | undefined)?.name;
  if (name === 'TimeoutError' || name === 'AbortError') {
    return passing('timeout', `The system did not answer within ${connection.limits.timeoutMs} ms.`, error);
  }
  // What fetch throws when there is no answer, and when there is one that redirects.
  if (name !== 'TypeError') throw error;
  return passing('transient', 'The system could not be reached, or answered with a redirect.', error);
}
