/** What `$transform` is asked, in the parameters of R4 and R5. */
import type { ConceptMap, StructureDefinition } from 'fhir/r4';
import type { Format } from '../../mapping/index.ts';
import { SiltaError } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import type { FhirRequest } from '../types.ts';
import type { GivenContent, GivenMap, MapJob } from './map-job.ts';

/** The parts of a job that the request holds. */
export interface TransformInput
  extends Pick<MapJob, 'supporting' | 'models' | 'conceptMaps' | 'content' | 'debug'> {
  /** A map in the request. */
  readonly map: GivenMap | undefined;
  /** Canonical of a stored map. */
  readonly source: string | undefined;
}

interface Parameter {
  readonly name?: unknown;
  readonly resource?: Resource;
  readonly part?: readonly Parameter[];
  readonly [value: `value${string}`]: unknown;
}

const KNOWN = [
  'source',
  'sourceMap',
  'srcMap',
  'supportingMap',
  'content',
  'input',
  'model',
  'debug',
] as const;

const FORMATS: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/xml': 'xml',
  'text/xml': 'xml',
  'text/csv': 'csv',
  'x-application/hl7-v2+er7': 'hl7v2',
};

function refuse(name: string, message: string): never {
  throw new SiltaError('invalid-request', `The parameter '${name}' ${message}`, {
    expression: [`Parameters.parameter.where(name = '${name}')`],
  });
}

function textOf(parameter: Parameter): string | undefined {
  const value = parameter.valueUri ?? parameter.valueCanonical ?? parameter.valueString ?? parameter.valueUrl;
  return typeof value === 'string' ? value : undefined;
}

function resourcesOf({ name, resource }: Parameter, ...types: readonly string[]): readonly Resource[] {
  const entries = resource?.resourceType === 'Bundle' ? (resource['entry'] as unknown) : undefined;
  const found = Array.isArray(entries)
    ? entries.flatMap((entry: { resource?: Resource } | null) => entry?.resource ?? [])
    : [resource];
  return found.map((each) =>
    each && types.includes(each.resourceType)
      ? each
      : refuse(String(name), `must hold a ${types.join(' or ')}.`),
  );
}

/** A Binary holds what is no FHIR; everything else is meant as it is. */
function contentOf(parameter: Parameter): GivenContent {
  const { name, resource } = parameter;
  if (!resource) return refuse(String(name), 'must hold a resource; what is no FHIR goes into a Binary.');
  if (resource.resourceType !== 'Binary') return { value: resource };
  const type = String(resource['contentType'] ?? '').split(';')[0] ?? '';
  const format = Object.hasOwn(FORMATS, type) ? FORMATS[type] : undefined;
  if (!format) return refuse(String(name), `must be of one of the types ${Object.keys(FORMATS).join(', ')}.`);
  const text = Buffer.from(String(resource['data'] ?? ''), 'base64').toString('utf8');
  return { text, format };
}

/** `input` with the parts `name` and `content`: further inputs of a map that has several. */
function namedContent({ name, part = [] }: Parameter): MapJob['content'][number] {
  const input = part.find((each) => each.name === 'name');
  const content = part.find((each) => each.name === 'content');
  const inputName = input && textOf(input);
  if (inputName === undefined || !content)
    return refuse(String(name), "needs the parts 'name' and 'content'.");
  return { name: inputName, content: contentOf(content) };
}

function mapOf(parameter: Parameter): GivenMap {
  const fml = textOf(parameter);
  if (fml !== undefined) return { fml };
  const [resource] = resourcesOf(parameter, 'StructureMap');
  return resource ? { resource } : refuse(String(parameter.name), 'must hold a StructureMap or FML.');
}

function readParameters(request: FhirRequest): readonly Parameter[] {
  const { resource } = request;
  if (!resource) throw new SiltaError('invalid-request', 'A Parameters resource is expected.');
  // R4 lets an operation with one resource be called with it alone.
  if (resource.resourceType !== 'Parameters') return [{ name: 'content', resource }];
  const list: readonly Parameter[] = Array.isArray(resource['parameter']) ? resource['parameter'] : [];
  for (const { name } of list)
    if (!KNOWN.some((each) => each === name))
      throw new SiltaError('invalid-parameter', `$transform takes the parameters ${KNOWN.join(', ')}.`, {
        expression: ['Parameters.parameter.name'],
      });
  return list;
}

/**
 * Reads the parameters of the body and of the address.
 *
 * @throws SiltaError `invalid-request`, `invalid-parameter`
 * @see https://hl7.org/fhir/R4/structuremap-operation-transform.html
 * @see https://hl7.org/fhir/R5/structuremap-operation-transform.html
 */
export function readTransformInput(request: FhirRequest): TransformInput {
  const list = readParameters(request);
  const all = (name: (typeof KNOWN)[number]): readonly Parameter[] =>
    list.filter((each) => each.name === name);
  const one = (name: (typeof KNOWN)[number]): Parameter | undefined =>
    all(name).length > 1 ? refuse(name, 'may be given once only.') : all(name)[0];
  const query = (name: string): string | undefined => request.parameters.find(([each]) => each === name)?.[1];
  const given = one('srcMap') ?? one('sourceMap');
  const source = one('source');
  const content = one('content');
  const models = all('model').flatMap((each) => resourcesOf(each, 'StructureDefinition', 'ConceptMap'));
  const ofType = (type: string): readonly Resource[] => models.filter((each) => each.resourceType === type);
  return {
    map: given && mapOf(given),
    source: (source && textOf(source)) ?? query('source'),
    supporting: all('supportingMap').map(mapOf),
    models: ofType('StructureDefinition') as unknown as readonly StructureDefinition[],
    conceptMaps: ofType('ConceptMap') as unknown as readonly ConceptMap[],
    content: [
      ...(content ? [{ name: '', content: contentOf(content) }] : []),
      ...all('input').map(namedContent),
    ],
    debug: one('debug')?.valueBoolean === true || query('debug') === 'true',
  };
}
