import { SiltaError } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import type { StoredVersion, StoreTransaction } from '../../store/index.ts';
import type { Inbound } from '../../systems/index.ts';

/** The resource a message is about, as it stands. */
export interface Current {
  readonly version: StoredVersion;
  readonly resource: Resource & { readonly id: string };
}

/**
 * Finds the resource a message is about by the business identifier its map made.
 * @throws SiltaError `invalid-resource` without such an identifier, `not-found` when nothing carries it,
 * `multiple-matches` when several do
 */
export async function findCurrent(
  tx: StoreTransaction,
  inbound: Inbound,
  mapped: Resource,
): Promise<Current> {
  const { type, identifierSystem } = inbound.upsert;
  const expression = [`${type}.identifier`];
  if (mapped?.resourceType !== type) {
    throw new SiltaError('invalid-resource', `The map ${inbound.map.url} must make a ${type}.`, {
      expression: [type],
    });
  }
  const value = identifierOf(mapped, identifierSystem);
  if (value === undefined) {
    throw new SiltaError(
      'invalid-resource',
      `The message does not say which ${type} it is about: no identifier of ${identifierSystem}.`,
      { expression },
    );
  }
  const page = await tx.search({
    type,
    parameters: [['identifier', `${escapeToken(identifierSystem)}|${escapeToken(value)}`]],
    visibility: { sectors: ['health', 'social'] },
  });
  const [version, another] = page.matches;
  if (another) {
    throw new SiltaError('multiple-matches', `Several ${type} carry the message's identifier.`, {
      expression,
    });
  }
  if (!version || version.content === null) {
    throw new SiltaError('not-found', `No ${type} carries the message's identifier.`, {
      expression,
      key: 'unknown-identifier',
    });
  }
  return { version, resource: JSON.parse(version.content) as Current['resource'] };
}

function identifierOf(resource: Resource, system: string): string | undefined {
  const identifiers = Array.isArray(resource['identifier']) ? resource['identifier'] : [];
  const found = identifiers.find(
    (identifier: { system?: unknown } | null) => identifier?.system === system,
  ) as { value?: unknown } | undefined;
  return typeof found?.value === 'string' && found.value !== '' ? found.value : undefined;
}

/** @see https://hl7.org/fhir/R4/search.html#escaping */
function escapeToken(text: string): string {
  return text.replace(/[\\,$|]/g, (character) => `\\${character}`);
}
