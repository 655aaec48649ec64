import type { CompiledMap } from '../../../src/mapping/index.ts';
import type { Inbound, Route, SystemDefinition } from '../../../src/systems/index.ts';

type Run = (sources: Readonly<Record<string, unknown>>) => unknown;

/** A compiled map whose rules are a function. */
export function mapOf(run: Run, sources: readonly string[] = ['source']): CompiledMap {
  return {
    url: 'https://silta.example/fhir/StructureMap/task-to-ticket',
    name: 'TaskToTicket',
    version: '1.4.0',
    structureMap: { resourceType: 'StructureMap' } as CompiledMap['structureMap'],
    sources,
    run,
    warnings: [],
    trace: (given) => ({ result: run(given), trace: [] }),
    observe: run,
  };
}

/** A route of Tasks that sends id, version and description. */
export function routeOf(route: Partial<Route> = {}): Route {
  return { name: 'ticket', on: 'Task', map: mapOf(toTicket), with: {}, send: {}, ...route };
}

const toTicket: Run = ({ source }) => {
  const task = source as { id: string; meta: { versionId: string }; description?: string };
  return { task: task.id, version: Number(task.meta.versionId), text: task.description };
};

export function systemOf(system: Partial<SystemDefinition> = {}): SystemDefinition {
  return {
    name: 'sap-c4c',
    title: 'SAP C4C',
    sector: 'health',
    transport: {
      kind: 'http-json',
      baseUrl: 'https://sap.example',
      auth: {},
      timeoutMs: 1_000,
      options: {},
    },
    routes: [routeOf()],
    inbound: [],
    ...system,
  };
}

export const TICKET = 'https://silta.example/fhir/identifier/ticket';

/** A message that closes tickets: `{ event, ticket, status, note? }`. */
export function inboundOf(inbound: Partial<Inbound> = {}): Inbound {
  return {
    receive: 'ticket-status',
    map: mapOf(({ source }) => {
      const message = source as { ticket?: string; status?: string; note?: string };
      return {
        resourceType: 'Task',
        ...(message.ticket && { identifier: [{ system: TICKET, value: message.ticket }] }),
        status: message.status,
        description: 'not owned',
        ...(message.note && { note: [{ text: message.note }] }),
      };
    }),
    messageId: 'event',
    upsert: { type: 'Task', identifierSystem: TICKET },
    owns: ['status', 'note'],
    auth: { kind: 'bearer-secret', secret: 'resolved by the caller' },
    ...inbound,
  };
}
