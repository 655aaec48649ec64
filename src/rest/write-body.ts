import type { Definitions } from '../definitions/index.ts';
import { parseStored } from '../exact-json.ts';
import { createFhirXml, MappingError } from '../mapping/index.ts';
import { SiltaError } from '../outcome.ts';
import { indentJson } from './indent-json.ts';
import { printMappingText } from './mapping-text.ts';
import { type BodyFormat, MAPPING_TYPE, MEDIA_TYPES } from './media-type.ts';

/** How an answer is written. */
export interface AnswerForm {
  readonly format: BodyFormat;
  /** Whether it is indented. */
  readonly pretty: boolean;
}

export interface WrittenBody {
  readonly contentType: string;
  readonly text: string;
}

/**
 * Writes a resource, given as JSON text, in the form that was asked for.
 * @throws SiltaError `not-acceptable` for a resource that the form cannot hold
 */
export type WriteBody = (json: string, form: AnswerForm) => WrittenBody;

/** Makes the writer of answers: JSON as it is stored, XML made from it. */
export function createBodyWriter(definitions: Definitions): WriteBody {
  const xml = createFhirXml(definitions);
  return (json, form) => {
    const { pretty } = form;
    const format = form.format === 'fml' && isOutcome(json) ? 'json' : form.format;
    if (format === 'fml')
      return { contentType: `${MAPPING_TYPE}; charset=utf-8`, text: printMappingText(parseStored(json)) };
    const contentType = `${MEDIA_TYPES[format][0]}; charset=utf-8`;
    if (format === 'json') return { contentType, text: pretty ? indentJson(json) : json };
    try {
      return { contentType, text: xml.write(parseStored(json) as object, pretty ? 'lines' : 'as it is') };
    } catch (cause) {
      if (!(cause instanceof MappingError)) throw cause;
      throw new SiltaError(
        'not-acceptable',
        'This holds something that XML cannot hold; ask for application/fhir+json.',
        { cause },
      );
    }
  };
}

/** What is said of a request has no form in the mapping language. */
const isOutcome = (json: string): boolean => json.startsWith('{"resourceType":"OperationOutcome"');
