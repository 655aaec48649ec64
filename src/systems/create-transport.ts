import type { TransportDependencies } from './connection.ts';
import { createFhirTransport } from './fhir.ts';
import { createJsonTransport } from './http-json.ts';
import { createODataTransport } from './odata.ts';
import type { SystemDefinition, Transport, TransportDefinition } from './types.ts';

const TRANSPORTS: Readonly<
  Record<
    TransportDefinition['kind'],
    (system: SystemDefinition, dependencies: TransportDependencies) => Transport
  >
> = {
  'http-json': createJsonTransport,
  odata: createODataTransport,
  fhir: createFhirTransport,
};

/**
 * The transport a system is reached by. It keeps tokens between sends, so make one per system definition.
 *
 * `send` never throws for what the system or the network does: that is a result with `ok: false`.
 */
export function createTransport(system: SystemDefinition, dependencies: TransportDependencies): Transport {
  return TRANSPORTS[system.transport.kind](system, dependencies);
}
