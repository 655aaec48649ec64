/**
 * The parameters of an operation, read as its OperationDefinition says: from the query, from a Parameters resource, or
 * from the one resource that an operation is about.
 * @see https://hl7.org/fhir/R4/operations.html#executing
 */
import type { CodeableConcept, OperationDefinition, OperationDefinitionParameter } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { Coding, Resource } from '../resource.ts';
import { suggest } from '../suggest.ts';
import { isPrimitive, parsePrimitive } from './operation-primitives.ts';
import { GENERAL_PARAMETERS } from './refuse-parameters.ts';
import type { FhirRequest } from './types.ts';

/** One parameter that was given. */
interface Given {
  readonly name: string;
  readonly type: string;
  /** A primitive, a data type, a resource, or the parts of a parameter that has parts. */
  readonly value: unknown;
}

/** What was given, by name and type. Each asks for a parameter that the definition has. */
export interface OperationInput {
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean | undefined;
  number(name: string): number | undefined;
  coding(name: string): Coding | undefined;
  concept(name: string): CodeableConcept | undefined;
  resource(name: string): Resource | undefined;
  parts(name: string): readonly OperationInput[];
  /** Whether something was given by this name. */
  has(name: string): boolean;
  /** What was given in primitive values, as `Parameters.parameter`s, in order. */
  readonly primitives: readonly { readonly name: string; readonly type: string; readonly value: unknown }[];
}

/**
 * @throws SiltaError `invalid-parameter`, `invalid-request` naming the parameter that is unknown, repeated, missing or of
 * another type
 */
export function readOperationInput(request: FhirRequest, definition: OperationDefinition): OperationInput {
  const known = (definition.parameter ?? []).filter(({ use }) => use === 'in');
  const given = [...readQuery(request, known), ...readBody(request, known)];
  checkCardinality(given, known);
  return inputOf(given);
}

type Known = readonly OperationDefinitionParameter[];

function inputOf(given: readonly Given[]): OperationInput {
  const values = (name: string) => given.flatMap((each) => (each.name === name ? [each.value] : []));
  const first = (name: string): unknown => values(name)[0];
  return {
    text: (name) => first(name) as string | undefined,
    texts: (name) => values(name) as readonly string[],
    flag: (name) => first(name) as boolean | undefined,
    number: (name) => first(name) as number | undefined,
    coding: (name) => first(name) as Coding | undefined,
    concept: (name) => first(name) as CodeableConcept | undefined,
    resource: (name) => first(name) as Resource | undefined,
    parts: (name) => (values(name) as (readonly Given[])[]).map(inputOf),
    has: (name) => values(name).length > 0,
    primitives: given.filter(({ value }) => typeof value !== 'object'),
  };
}

function findKnown(known: Known, name: unknown, expression?: string): OperationDefinitionParameter {
  const found = known.find((each) => each.name === name);
  if (found) return found;
  const names = known.map((each) => each.name);
  const suggestion = typeof name === 'string' ? suggest(name, names) : undefined;
  const hint = suggestion ? ` Did you mean '${suggestion}'?` : ` It knows: ${names.join(', ')}.`;
  throw new SiltaError('invalid-parameter', `This operation does not know one of the parameters.${hint}`, {
    ...(expression !== undefined && { expression: [expression] }),
  });
}

function readQuery({ parameters }: FhirRequest, known: Known): readonly Given[] {
  const own = parameters.filter(([name]) => !GENERAL_PARAMETERS.includes(name) && name !== '_page');
  return own.map(([name, text]) => {
    const { type = '' } = findKnown(known, name);
    const value = parsePrimitive(type, text);
    if (value !== undefined) return { name, type, value };
    const message = isPrimitive(type)
      ? `The parameter '${name}' must be of type ${type}.`
      : `The parameter '${name}' is a ${type || 'structure'}: send it by POST, in a Parameters resource.`;
    throw new SiltaError('invalid-parameter', message);
  });
}

function readBody({ resource: body }: FhirRequest, known: Known): readonly Given[] {
  if (!body) return [];
  if (body.resourceType === 'Parameters') return readParts(body['parameter'], known, 'Parameters.parameter');
  const fitting = known.filter(({ type }) => type === body.resourceType || type === 'Resource');
  const [only] = fitting;
  if (only && fitting.length === 1) return [{ name: only.name, type: only.type ?? '', value: body }];
  throw new SiltaError('invalid-request', 'The body must be a Parameters resource.', {
    expression: ['resourceType'],
  });
}

function readParts(parts: unknown, known: Known, at: string): readonly Given[] {
  if (parts === undefined) return [];
  if (!Array.isArray(parts))
    throw new SiltaError('invalid-request', 'This must be a list.', { expression: [at] });
  return parts.map((part: unknown, index) => readPart(part, known, `${at}[${index}]`));
}

function readPart(part: unknown, known: Known, at: string): Given {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) {
    throw new SiltaError('invalid-request', 'This must be an object.', { expression: [at] });
  }
  const { name, ...rest } = part as Record<string, unknown>;
  const definition = findKnown(known, name, `${at}.name`);
  const { type = '' } = definition;
  if (definition.part) {
    return { name: definition.name, type: '', value: readParts(rest['part'], definition.part, `${at}.part`) };
  }
  const value = /^[A-Z]/.test(type) ? readComplex(type, rest) : readPrimitive(type, rest);
  if (value !== undefined) return { name: definition.name, type, value };
  const where = isResourceType(type, rest)
    ? 'resource'
    : `value${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  throw new SiltaError('invalid-request', `The parameter '${definition.name}' must have a ${where}.`, {
    expression: [at],
  });
}

/** Data types by `value[x]`, resources by `resource`. */
function readComplex(type: string, part: Record<string, unknown>): unknown {
  const value = part[`value${type}`];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  const resource = part['resource'] as Partial<Resource> | undefined;
  const fits =
    typeof resource?.resourceType === 'string' && [resource.resourceType, 'Resource'].includes(type);
  return fits ? resource : undefined;
}

function isResourceType(type: string, part: Record<string, unknown>): boolean {
  return part['resource'] !== undefined || !['Coding', 'CodeableConcept', 'Meta', 'Reference'].includes(type);
}

/** Clients mix the kinds of URIs and of text; what they mean is clear. */
const INTERCHANGEABLE: readonly (readonly string[])[] = [
  ['uri', 'canonical', 'url'],
  ['code', 'string', 'id'],
  ['date', 'dateTime', 'instant'],
];

function readPrimitive(type: string, part: Record<string, unknown>): unknown {
  const types = INTERCHANGEABLE.find((each) => each.includes(type)) ?? [type];
  const names = types.map((each) => `value${each.charAt(0).toUpperCase()}${each.slice(1)}`);
  const value = names.map((each) => part[each]).find((each) => each !== undefined);
  if (typeof value === 'string') return typeof parsePrimitive(type, value) === 'string' ? value : undefined;
  const wanted = type === 'boolean' ? 'boolean' : 'number';
  return typeof value === wanted && parsePrimitive(type, String(value)) !== undefined ? value : undefined;
}

function checkCardinality(given: readonly Given[], known: Known): void {
  for (const { name, min, max } of known) {
    const count = given.filter((each) => each.name === name).length;
    if (max === '1' && count > 1) {
      throw new SiltaError('invalid-parameter', `The parameter '${name}' may be given once only.`);
    }
    if (count < (min ?? 0)) throw new SiltaError('invalid-parameter', `The parameter '${name}' is missing.`);
  }
}
