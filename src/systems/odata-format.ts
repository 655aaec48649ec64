/**
 * OData v2 JSON as SAP writes it: dates, literals and result shapes.
 * @see https://www.odata.org/documentation/odata-version-2-0/json-format/
 */

export type Entity = Readonly<Record<string, unknown>>;

/** A string as a literal in `$filter` or a key: quotes doubled. */
export function stringLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/**
 * Encodes an instant or date as `/Date(ms)/`.
 *
 * @returns undefined when the text is not a date
 */
export function encodeDate(iso: string): string | undefined {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? undefined : `/Date(${ms})/`;
}

/** Milliseconds of a `/Date(ms)/` or `/Date(ms+0000)/` value; undefined for anything else. */
export function decodeDate(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(value);
  return match ? Number(match[1]) : undefined;
}

/** Encodes the named date elements of a message, at any depth. */
export function encodeDates(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => encodeDates(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => {
      if (!names.has(name) || typeof child !== 'string') return [name, encodeDates(child, names)];
      return [name, encodeDate(child) ?? child];
    }),
  );
}

/**
 * The entities of an answer: `{d:{results:[…]}}`, `{d:{results:{…}}}` (C4C's answer to a POST), `{d:[…]}` or `{d:{…}}`.
 *
 * @returns undefined when the text is not an OData answer
 */
export function readEntities(body: string): readonly Entity[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const d = property(parsed, 'd');
  const results = property(d, 'results') ?? d;
  const entities = Array.isArray(results) ? results : [results];
  return entities.every(isEntity) ? entities : undefined;
}

function property(value: unknown, name: string): unknown {
  return isEntity(value) ? value[name] : undefined;
}

function isEntity(value: unknown): value is Entity {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The ETag of an entity: of its metadata, else of the answer's header, else C4C's own `ETag` element. */
export function readEtag(entity: Entity, header: string | null): string | undefined {
  const inMetadata = property(entity['__metadata'], 'etag');
  if (typeof inMetadata === 'string') return inMetadata;
  return header ?? undefined;
}

/** Whether an element already has the value it should get; dates are compared as instants. */
export function sameValue(current: unknown, wanted: unknown): boolean {
  const instants = [decodeDate(current), decodeDate(wanted)];
  if (instants[0] !== undefined && instants[1] !== undefined) return instants[0] === instants[1];
  if (current === undefined || current === null) return wanted === undefined || wanted === null;
  return String(current) === String(wanted);
}
