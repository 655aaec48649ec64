/**
 * Bytes → text, in the encoding that they say they have: a byte order mark, an XML declaration, MSH-18. Otherwise they
 * must be UTF-8. A byte that is none of its encoding is an error, never a replacement character.
 *
 * @see https://www.w3.org/TR/xml/#sec-guessing and https://www.hl7.eu/HL7v2x/v251/std251/ch02.html#Heading192
 */
import { MappingError, type Position } from '../types.ts';

const MARKS: readonly (readonly [readonly number[], string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
  // An XML declaration or element in UTF-16 without a mark.
  [[0x3c, 0x00], 'utf-16le'],
  [[0x00, 0x3c], 'utf-16be'],
];

/** Names of HL7's table 0211. */
const HL7_NAMES: Readonly<Record<string, string>> = {
  ASCII: 'us-ascii',
  'UNICODE UTF-8': 'utf-8',
  'UNICODE UTF-16': 'utf-16be',
};

const XML_DECLARATION = /^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.-]*)["']/;

/** What the first bytes, read as ASCII, say. */
function findStated(head: string): string | undefined {
  const declared = XML_DECLARATION.exec(head)?.[1];
  if (declared !== undefined) return declared.toLowerCase();
  if (!head.startsWith('MSH')) return undefined;
  const [line = ''] = head.split(/[\r\n]/, 1);
  const stated = line.split(head.charAt(3))[17]?.split(head.charAt(5))[0]?.trim() ?? '';
  if (stated === '') return undefined;
  return HL7_NAMES[stated] ?? stated.toLowerCase().replace(/^8859\//, 'iso-8859-');
}

function isNotAscii(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 0x7f);
}

/** The bytes as text; undefined when one of them is none of the encoding. */
function tryDecode(bytes: Uint8Array, encoding: string): string | undefined {
  // The platform reads ISO-8859-1 as Windows-1252, which is another one.
  if (encoding === 'iso-8859-1' || encoding === 'latin1')
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (encoding === 'us-ascii' && isNotAscii(bytes)) return undefined;
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return undefined;
    throw error;
  }
}

/** The first line that cannot be read, and how far it can. */
function findFault(bytes: Uint8Array, encoding: string, file: string): Position {
  if (encoding.startsWith('utf-16')) return { file, line: 1, column: 1 };
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const next = bytes.indexOf(0x0a, start);
    const end = next < 0 ? bytes.length : next + 1;
    const piece = bytes.subarray(start, end);
    if (tryDecode(piece, encoding) === undefined) {
      const readable = new TextDecoder(encoding === 'us-ascii' ? 'utf-8' : encoding).decode(piece);
      const bad = encoding === 'us-ascii' ? readable.search(/\P{ASCII}/u) : readable.indexOf('\ufffd');
      return { file, line, column: Math.max(0, bad) + 1 };
    }
    start = end;
  }
  return { file, line: 1, column: 1 };
}

function isKnown(encoding: string): boolean {
  try {
    return new TextDecoder(encoding) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Reads the bytes of a message or document.
 *
 * @param file the name used in errors
 * @param stated the encoding as somebody else told it, e.g. an HTTP header; a byte order mark goes before
 * @throws MappingError at the first byte that cannot be read, or when the encoding is not known
 */
export function decodeText(bytes: Uint8Array, file: string, stated?: string): string {
  const mark = MARKS.find(([start]) => start.every((byte, index) => bytes[index] === byte))?.[1];
  const head = Buffer.from(bytes.subarray(0, 1000)).toString('latin1');
  const encoding = mark ?? stated?.toLowerCase() ?? findStated(head) ?? 'utf-8';
  if (!isKnown(encoding))
    throw new MappingError({ file, line: 1, column: 1 }, `the encoding '${encoding}' is not known`);
  if (mark === undefined && encoding.startsWith('utf-16') && findStated(head) !== undefined)
    throw new MappingError({ file, line: 1, column: 1 }, 'this says that it is UTF-16, but is not');
  const text = tryDecode(bytes, encoding);
  if (text !== undefined) return text;
  const name = encoding.toUpperCase();
  throw new MappingError(findFault(bytes, encoding, file), `this is not ${name}: state the encoding it has`);
}
