import { randomUUID } from 'node:crypto';
import { MappingError } from '../mapping/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Route, SystemDefinition } from '../systems/index.ts';
import type { Sources } from './gather-sources.ts';
import { suppressAddress } from './suppress-address.ts';

/**
 * Runs a route's map on its sources. A protected address is not handed to the map unless the system's definition says
 * `transport.options.receivesProtectedAddress: true`.
 * @throws SiltaError `invalid-resource` with the place in the map: no repetition helps before map or resource is mended
 */
export function runMap(route: Route, sources: Sources, system: SystemDefinition, clock: () => Date): unknown {
  const keeps = system.transport.options['receivesProtectedAddress'] === true;
  const values = Object.fromEntries(
    Object.entries(sources.values).map(([name, value]) => [name, keeps ? value : suppressAddress(value)]),
  );
  return reportPlace(() => route.map.run(values, { now: clock, uuid: randomUUID }), route.map.url);
}

/** Turns a map's failure into an error that names file, line and column. */
export function reportPlace<T>(run: () => T, map: string): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof MappingError) {
      throw new SiltaError('invalid-resource', error.message, { key: 'mapping-failed', cause: error });
    }
    throw new SiltaError('invalid-resource', `The map ${map} failed in an unforeseen way.`, {
      key: 'mapping-failed',
      cause: error,
    });
  }
}
