/**
 * What C4C's ServiceRequestCollection takes and refuses.
 * @see https://github.com/SAP-archive/C4CODATAAPIDEVGUIDE
 */

interface FieldRule {
  readonly kind: 'string' | 'date' | 'texts';
  readonly maxLength?: number;
  readonly codes?: readonly string[];
  readonly readOnly?: true;
}

export type TicketFields = Readonly<Record<string, unknown>>;

export interface Text {
  readonly TypeCode: string;
  readonly Text: string;
}

const ID = { kind: 'string', maxLength: 60 } as const;
const READ_ONLY = { kind: 'string', readOnly: true } as const;

const FIELDS: Readonly<Record<string, FieldRule>> = {
  Name: { kind: 'string', maxLength: 255 },
  ProcessingTypeCode: { kind: 'string', codes: ['SRRQ'] },
  ServicePriorityCode: { kind: 'string', codes: ['1', '2', '3', '7'] },
  ServiceRequestLifeCycleStatusCode: { kind: 'string', codes: ['1', '2', '3', '4'] },
  ServiceRequestUserLifeCycleStatusCode: { kind: 'string', maxLength: 2 },
  ServiceIssueCategoryID: ID,
  IncidentServiceIssueCategoryID: ID,
  CauseServiceIssueCategoryID: ID,
  DataOriginTypeCode: { kind: 'string', maxLength: 1 },
  BuyerPartyID: ID,
  ReportedPartyID: ID,
  InstallationPointID: ID,
  CompletionDueDate: { kind: 'date' },
  RequestedStart: { kind: 'date' },
  RequestedEnd: { kind: 'date' },
  ServiceRequestTextCollection: { kind: 'texts' },
  ObjectID: READ_ONLY,
  ID: READ_ONLY,
  UUID: READ_ONLY,
  CreationDateTime: READ_ONLY,
  LastChangeDateTime: READ_ONLY,
  EntityLastChangedOn: READ_ONLY,
  ETag: READ_ONLY,
};

const REQUIRED = ['Name', 'ProcessingTypeCode'];
const TEXT_TYPES = ['10004', '10007', '10008', '10011'];

/** The rules of one tenant: the standard fields and its extension fields, which are strings. */
export function ticketRules(extensionFields: readonly string[]): ReadonlyMap<string, FieldRule> {
  const extensions = extensionFields.map((name) => [name, { kind: 'string', maxLength: 255 }] as const);
  return new Map<string, FieldRule>([...Object.entries(FIELDS), ...extensions]);
}

/**
 * Checks the body of a create or update.
 *
 * @returns what is wrong, in words; undefined when the body is taken
 */
export function refuseTicket(
  body: unknown,
  rules: ReadonlyMap<string, FieldRule>,
  purpose: 'create' | 'update',
): string | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'The body is not an entity.';
  for (const [name, value] of Object.entries(body)) {
    const rule = rules.get(name);
    if (!rule) return `Property '${name}' is invalid.`;
    const problem = rule.readOnly ? `'${name}' is read-only.` : refuseValue(name, value, rule);
    if (problem) return problem;
    if (purpose === 'update' && rule.kind === 'texts') return `'${name}' cannot be changed with the ticket.`;
  }
  const missing = purpose === 'create' ? REQUIRED.find((name) => !(name in body)) : undefined;
  return missing && `'${missing}' is required.`;
}

function refuseValue(name: string, value: unknown, rule: FieldRule): string | undefined {
  if (rule.kind === 'texts') return refuseTexts(value);
  if (typeof value !== 'string') return `The value of '${name}' is not a string.`;
  if (rule.kind === 'date') {
    return /^\/Date\(-?\d+\)\/$/.test(value) ? undefined : `'${value}' is not a date in the form /Date(ms)/.`;
  }
  if (rule.maxLength !== undefined && value.length > rule.maxLength) {
    return `'${name}' exceeds the maximum length ${rule.maxLength}.`;
  }
  if (rule.codes && !rule.codes.includes(value)) return `Code '${value}' of '${name}' does not exist.`;
  return undefined;
}

function refuseTexts(value: unknown): string | undefined {
  if (!Array.isArray(value)) return "'ServiceRequestTextCollection' is not a collection.";
  for (const text of value as readonly unknown[]) {
    const { TypeCode, Text, ...others } = (text ?? {}) as Record<string, unknown>;
    const [unknown] = Object.keys(others);
    if (unknown) return `Property '${unknown}' is invalid in ServiceRequestTextCollection.`;
    if (typeof Text !== 'string' || Text === '') return "'Text' is required in ServiceRequestTextCollection.";
    if (typeof TypeCode !== 'string' || !TEXT_TYPES.includes(TypeCode)) {
      return `Code '${String(TypeCode)}' of 'TypeCode' does not exist.`;
    }
  }
  return undefined;
}

/**
 * Reads the subset of `$filter` that the look-up by an element needs: `Field eq 'value'`.
 *
 * @returns the condition, or what is wrong
 */
export function readFilter(
  filter: string,
  rules: ReadonlyMap<string, FieldRule>,
): { readonly field: string; readonly value: string } | string {
  const match = /^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$/.exec(filter);
  if (!match) return `Invalid filter expression; supported is: Field eq 'value'.`;
  const [, field = '', value = ''] = match;
  if (!rules.has(field)) return `Property '${field}' is invalid.`;
  return { field, value: value.replaceAll("''", "'") };
}
