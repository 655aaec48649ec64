/**
 * Transforms that make texts: append, truncate, escape, uuid.
 *
 * @see https://hl7.org/fhir/R4/valueset-map-transform.html
 */
import { didYouMean } from '../../suggestion.ts';
import { failAt } from '../frame.ts';
import {
  type Call,
  compileArguments,
  literalText,
  shapesOf,
  type TransformCompiler,
  textOf,
} from './call.ts';

/** `append(a, b, …)`: the texts one behind the other; what is missing adds nothing. */
export const compileAppend: TransformCompiler = (call) => {
  const parts = compileArguments(call, 1, Number.POSITIVE_INFINITY);
  if (!parts) return undefined;
  return {
    shapes: shapesOf(call.scope, 'string'),
    value: (frame) => {
      let text: string | undefined;
      for (const part of parts) {
        const piece = textOf(part, frame, call);
        if (piece !== undefined) text = text === undefined ? piece : text + piece;
      }
      return text;
    },
  };
};

/** `truncate(text, n)`: the first n characters, counted as code points. */
export const compileTruncate: TransformCompiler = (call) => {
  const [source, length] = compileArguments(call, 2, 2) ?? [];
  if (!source || !length) return undefined;
  return {
    shapes: shapesOf(call.scope, 'string'),
    value: (frame) => {
      const text = textOf(source, frame, call);
      const most = Number(length.value(frame));
      if (!Number.isInteger(most) || most < 0)
        failAt(call.site, 'truncate() needs a whole number of characters');
      return text === undefined || text.length <= most ? text : [...text].slice(0, most).join('');
    },
  };
};

interface Escaping {
  encode(text: string): string;
  decode(text: string): string;
}

const XML: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
];
const XML_NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(amp|lt|gt|quot|apos));/g, (_, hex, decimal, name) => {
    if (name !== undefined) return Object.hasOwn(XML_NAMES, name) ? (XML_NAMES[name] ?? '') : '';
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

/** HL7 v2 escapes with the usual delimiters: https://www.hl7.eu/HL7v2x/v251/std251/ch02.html#Heading16 */
const ER7: readonly (readonly [string, string])[] = [
  ['\\', '\\E\\'],
  ['|', '\\F\\'],
  ['^', '\\S\\'],
  ['&', '\\T\\'],
  ['~', '\\R\\'],
  ['\r', '\\.br\\'],
];

function replaceAll(text: string, pairs: readonly (readonly [string, string])[]): string {
  const table = new Map(pairs);
  let result = '';
  for (const character of text) result += table.get(character) ?? character;
  return result;
}

const ESCAPINGS: Readonly<Record<string, Escaping>> = {
  text: { encode: (text) => text, decode: (text) => text },
  xml: { encode: (text) => replaceAll(text, XML), decode: decodeXml },
  html: { encode: (text) => replaceAll(text, XML), decode: decodeXml },
  json: {
    encode: (text) => JSON.stringify(text).slice(1, -1),
    decode: (text) => String(JSON.parse(`"${text}"`)),
  },
  url: { encode: encodeURIComponent, decode: decodeURIComponent },
  csv: {
    encode: (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text),
    decode: (text) => (/^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text),
  },
  hl7v2: {
    encode: (text) => replaceAll(text, ER7),
    decode: (text) =>
      text.replace(
        /\\(E|F|S|T|R|\.br)\\/g,
        (sequence) => ER7.find(([, code]) => code === sequence)?.[0] ?? sequence,
      ),
  },
};

function escapingOf(call: Call, index: number): Escaping | undefined {
  const name = literalText(call, index);
  if (name === undefined) return undefined;
  const found = Object.hasOwn(ESCAPINGS, name) ? ESCAPINGS[name] : undefined;
  const known = Object.keys(ESCAPINGS);
  if (!found)
    call.scope.error(
      call.node.position,
      `escape() knows ${known.join(', ')}, not '${name}'`,
      didYouMean(name, known),
    );
  return found;
}

/** `escape(text, 'xml')` writes the escapes of a format; `escape(text, 'xml', 'json')` first resolves those of another. */
export const compileEscape: TransformCompiler = (call) => {
  const [source] = compileArguments(call, 2, 3) ?? [];
  if (!source) return undefined;
  const isPair = call.node.arguments.length === 3;
  const from = isPair ? escapingOf(call, 1) : ESCAPINGS['text'];
  const to = escapingOf(call, isPair ? 2 : 1);
  if (!from || !to) return undefined;
  return {
    shapes: shapesOf(call.scope, 'string'),
    value: (frame) => {
      const text = textOf(source, frame, call);
      if (text === undefined) return undefined;
      try {
        return to.encode(from.decode(text));
      } catch (error) {
        return failAt(call.site, 'escape() cannot read the escapes in this text', error);
      }
    },
  };
};

/** `uuid()`: a fresh UUID in its plain form. */
export const compileUuid: TransformCompiler = (call) => {
  if (!compileArguments(call, 0, 0)) return undefined;
  return { shapes: shapesOf(call.scope, 'string'), value: (frame) => frame.run.environment.uuid() };
};
