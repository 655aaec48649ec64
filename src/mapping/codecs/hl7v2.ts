/**
 * HL7 v2 messages in their usual encoding (ER7) by logical models: the named message structures, any message, or a
 * model of one's own whose elements end in their position (`ZPI_3`).
 *
 * @see https://www.hl7.eu/HL7v2x/v251/std251/ch02.html
 */
import type { Definitions, Structure } from '../../definitions/index.ts';
import { createModels, typeName } from '../compile/model.ts';
import { MappingError } from '../types.ts';
import type { Codec } from './codec.ts';
import type { RawSegment } from './hl7v2/decode.ts';
import { type Delimiters, readDelimiters } from './hl7v2/delimiters.ts';
import { encodeMessage } from './hl7v2/encode.ts';
import { ANY_MESSAGE } from './hl7v2/models.ts';
import { placeSegments } from './hl7v2/place-segments.ts';
import { planMessage, SEGMENT_NAME } from './hl7v2/plan.ts';

export interface Hl7v2Options {
  readonly definitions: Definitions;
  /** Logical models, e.g. of a connected system. */
  readonly models?: readonly Structure[];
  /** The model of the message, by URL or name; absent, that of any message. */
  readonly type?: string;
}

/**
 * Makes the codec of HL7 v2 messages.
 *
 * `parse` takes segments that end in CR, LF or both, and throws a MappingError whose line is the segment and whose
 * column the character; `print` throws one that names the element.
 * @throws Error when `type` is not known
 */
export function createHl7v2Codec({
  definitions,
  models: further = [],
  type = ANY_MESSAGE,
}: Hl7v2Options): Codec {
  const models = createModels(definitions, further);
  const shape = models.find(type);
  if (!shape) throw new Error(`The model ${type} is not known.`);
  const plan = planMessage(models, shape);
  const name = typeName(shape);
  return {
    parse: (text, file) => {
      const segments = readSegments(text, file);
      return placeSegments(plan, segments, headOf(segments, file), name);
    },
    print: (value) => encodeMessage(plan, value, name),
  };
}

/** Cuts the text into segments; empty lines do not count. */
function readSegments(text: string, file: string): readonly RawSegment[] {
  const segments: RawSegment[] = [];
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  let line = 0;
  for (const each of body.split(/\r\n|\r|\n/)) {
    line += 1;
    if (each === '') continue;
    const name = each.slice(0, 3);
    const position = { file, line, column: 1 };
    if (!SEGMENT_NAME.test(name))
      throw new MappingError(position, 'not HL7 v2: a segment must start with its name');
    segments.push({ name, text: each, position });
  }
  return segments;
}

function headOf([head, ...others]: readonly RawSegment[], file: string): Delimiters {
  const position = head?.position ?? { file, line: 1, column: 1 };
  if (head?.name !== 'MSH' || head.text.length < 5)
    throw new MappingError(position, 'not HL7 v2: a message starts with MSH and its separators');
  const field = head.text.charAt(3);
  const found = readDelimiters(field, head.text.slice(4).split(field)[0] ?? '');
  if (typeof found === 'string') throw new MappingError({ ...position, column: 4 }, `not HL7 v2: ${found}`);
  for (const { name, text, position: at } of others)
    if (text.length > 3 && text.charAt(3) !== field)
      throw new MappingError(
        { ...at, column: 4 },
        `${name}: '${field}' is wanted behind the name of the segment`,
      );
  return found;
}
