/**
 * The form of an answer: what `_format`, the Accept header and the body that was sent ask for.
 * @see https://hl7.org/fhir/R4/http.html#parameters
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 */
import { SiltaError } from '../outcome.ts';
import {
  type BodyFormat,
  type Format,
  formatOf,
  isR4,
  MAPPING_TYPE,
  MEDIA_TYPES,
  requireR4,
  splitMediaType,
} from './media-type.ts';
import { type Parameters, singleParameter } from './parse-parameters.ts';

/** What a caller says about the answer. */
export interface Asked {
  readonly accept: string | undefined;
  /** Of the body, whose form is answered in when nothing else is asked for. */
  readonly contentType: string | undefined;
  readonly parameters: Parameters;
}

/**
 * The form to answer in. `_format` goes before the Accept header.
 * @throws SiltaError `not-acceptable`, `invalid-parameter`
 */
export function negotiateFormat({ accept, contentType, parameters }: Asked): BodyFormat {
  const format = singleParameter(parameters, '_format');
  if (format !== undefined && format.trim() !== '') return readFormat(format);
  const sent = formatOf(splitMediaType(contentType ?? '').type) ?? 'json';
  if (accept === undefined || accept === '' || accept === '*/*') return sent;
  if (accept === MEDIA_TYPES.json[0]) return 'json';
  return chooseFormat(accept, sent);
}

/** The form that a refusal is most likely read in, however wrong the request is. */
export function guessFormat(asked: Asked): BodyFormat {
  try {
    return negotiateFormat(asked);
  } catch {
    const format = asked.parameters.find(([name]) => name === '_format')?.[1];
    const named = format ?? asked.accept ?? '';
    return /xml/i.test(named) && !/json/i.test(named) ? 'xml' : 'json';
  }
}

function readFormat(text: string): BodyFormat {
  // A '+' that was not percent-encoded arrives as a space.
  const { type, parameters } = splitMediaType(text.replace('fhir ', 'fhir+'));
  const found = type === 'json' || type === 'xml' ? type : formatOf(type);
  if (!found) throw refuse();
  requireR4(parameters.get('fhirversion'), 'not-acceptable');
  return found;
}

/** One media range of an Accept header. */
interface Range {
  readonly type: string;
  readonly quality: number;
}

function chooseFormat(accept: string, sent: BodyFormat): BodyFormat {
  const all = accept.split(',').map(splitMediaType);
  const fitting = all.filter(({ parameters }) => isR4(parameters.get('fhirversion')));
  const ranges = fitting.map(({ type, parameters }): Range => {
    const quality = Number(parameters.get('q') ?? 1);
    return { type: type === 'json' || type === 'xml' ? `application/${type}` : type, quality };
  });
  const map = ranges.find(({ type }) => type === MAPPING_TYPE)?.quality ?? 0;
  const [json, xml] = [weigh('json', ranges), weigh('xml', ranges)];
  if (map > 0 && map >= Math.max(json.quality, xml.quality)) return 'fml';
  if (json.quality > xml.quality) return 'json';
  if (xml.quality > json.quality) return 'xml';
  if (!(json.quality > 0)) throw fitting.length < all.length ? refuseVersion() : refuse();
  if (json.place === xml.place) return sent;
  return json.place < xml.place ? 'json' : 'xml';
}

/** Ranges that mean either form, the more specific first. */
const WILDCARDS: readonly string[] = ['application/*', 'text/*', '*/*'];

/** How welcome a form is by the best range that names it, and at which place; behind all others when none does. */
function weigh(
  format: Format,
  ranges: readonly Range[],
): { readonly quality: number; readonly place: number } {
  const named = ranges.filter(({ type }) => MEDIA_TYPES[format].includes(type));
  const [first, ...others] = named;
  if (first) {
    const best = others.reduce((a, b) => (b.quality > a.quality ? b : a), first);
    return { quality: best.quality, place: ranges.indexOf(best) };
  }
  const wildcard = WILDCARDS.find((type) => ranges.some((range) => range.type === type));
  const { quality } = ranges.find(({ type }) => type === wildcard) ?? { quality: 0 };
  return { quality, place: Number.POSITIVE_INFINITY };
}

function refuse(): SiltaError {
  const known = [MEDIA_TYPES.json[0], MEDIA_TYPES.xml[0]].join(' or ');
  return new SiltaError('not-acceptable', `This server answers in ${known} only.`);
}

function refuseVersion(): SiltaError {
  return new SiltaError('not-acceptable', 'This server speaks FHIR 4.0 only.');
}

/** Whether the answer is to be indented. */
export function wantsPretty(parameters: Parameters): boolean {
  const value = singleParameter(parameters, '_pretty');
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new SiltaError('invalid-parameter', "The parameter '_pretty' must be 'true' or 'false'.");
}
