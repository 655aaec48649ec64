/**
 * The parameters of a kick-off, from a query or from a Parameters resource.
 * @see https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
 */
import { SiltaError } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import { suggest } from '../../suggest.ts';
import type { Parameters } from '../parse-parameters.ts';
import { GENERAL_PARAMETERS } from '../refuse-parameters.ts';
import type { FhirRequest } from '../types.ts';
import type { ExportLevel } from './export-request.ts';

/** Parameters that are answered; a `patient` list is for POST, on the levels that are about patients. */
const ANSWERED = ['_outputFormat', '_since', '_type', '_typeFilter'] as const;
/** Of this or a later edition of the specification, and not done here. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  '_elements',
  '_until',
  'includeAssociatedData',
  'organizeOutputBy',
  'allowPartialManifests',
]);

const VALUES: Readonly<Record<string, string>> = {
  _outputFormat: 'valueString',
  _since: 'valueInstant',
  _type: 'valueString',
  _typeFilter: 'valueString',
  patient: 'valueReference',
};

export interface Given {
  readonly parameters: Parameters;
  /** Sentences on what was left aside. */
  readonly ignored: readonly string[];
}

/** Whether what is not done here is left aside instead of refused. */
export const isLenient = ({ preferHandling }: FhirRequest): boolean => preferHandling === 'lenient';

/** @throws SiltaError `invalid-parameter`, `invalid-request` */
export function listParameters(request: FhirRequest, level: ExportLevel): Given {
  const isPost = request.resource !== undefined;
  const all = isPost ? readBody(request) : request.parameters;
  const known: readonly string[] = [...ANSWERED, ...(isPost && level !== 'system' ? ['patient'] : [])];
  const parameters: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  for (const [name, value] of all) {
    if (known.includes(name)) parameters.push([name, value]);
    else if (GENERAL_PARAMETERS.includes(name)) continue;
    else if (isLenient(request)) ignored.push(describeUnknown(name, known));
    else throw new SiltaError('invalid-parameter', describeUnknown(name, known));
  }
  return { parameters, ignored };
}

function describeUnknown(name: string, known: readonly string[]): string {
  if (UNSUPPORTED.has(name)) return `This export does not support the parameter '${name}'.`;
  if (name === 'patient') return "'patient' goes into a POST of Patient/$export or Group/[id]/$export.";
  const suggestion = suggest(name, known);
  return `This export does not know one of the parameters.${suggestion ? ` Did you mean '${suggestion}'?` : ''}`;
}

/** @see https://hl7.org/fhir/R4/operations.html#request */
function readBody({ resource, parameters }: FhirRequest): Parameters {
  if (parameters.some(([name]) => !GENERAL_PARAMETERS.includes(name))) {
    throw new SiltaError('invalid-parameter', 'The parameters of a POST go into its body.');
  }
  if (resource?.resourceType !== 'Parameters') {
    throw new SiltaError('invalid-request', 'The body must be a Parameters resource.', {
      expression: ['resourceType'],
    });
  }
  const parts: unknown = resource['parameter'] ?? [];
  if (!Array.isArray(parts)) throw wrongPart(resource, '');
  return parts.map((part: unknown, index) => readPart(resource, part, index));
}

function readPart(resource: Resource, part: unknown, index: number): readonly [string, string] {
  const { name, ...values } = (part ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') throw wrongPart(resource, `[${index}].name`);
  const element = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  // A parameter that is not known has no known type either; its name alone is judged.
  if (element === undefined) return [name, ''];
  const value = values[element];
  const text =
    element === 'valueReference' ? (value as { reference?: unknown } | undefined)?.reference : value;
  if (typeof text !== 'string') throw wrongPart(resource, `[${index}].${element}`);
  return [name, text];
}

function wrongPart({ resourceType }: Resource, place: string): SiltaError {
  return new SiltaError('invalid-request', 'This parameter of the export is missing or has the wrong type.', {
    expression: [`${resourceType}.parameter${place}`],
  });
}
