/**
 * The characters that take a message apart, told by MSH-1 and MSH-2, and the escapes that stand for them in texts.
 *
 * @see https://www.hl7.eu/HL7v2x/v251/std251/ch02.html#Heading14
 */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string | undefined;
  readonly escapeBy: string | undefined;
  readonly subcomponent: string | undefined;
  readonly truncation: string | undefined;
}

export const USUAL = { field: '|', encoding: '^~\\&' } as const;

/**
 * @param encoding MSH-2: component, repetition, escape, subcomponent and truncation character; all but the first may lack
 * @returns a text that says what is wrong with them, when something is
 */
export function readDelimiters(field: string, encoding: string): Delimiters | string {
  const [component, repetition, escapeBy, subcomponent, truncation, ...more] = encoding;
  const all = [field, ...encoding];
  if (component === undefined) return 'MSH-2 names no component separator';
  if (more.length > 0) return 'MSH-2 names more than five characters';
  if (all.some((each) => each.length > 1 || /[\p{L}\p{N}\p{Cc}"]/u.test(each)))
    return 'a letter, digit or quote cannot separate anything';
  if (new Set(all).size < all.length) return 'MSH-1 and MSH-2 name one character twice';
  return { field, component, repetition, escapeBy, subcomponent, truncation };
}

const CODES = {
  F: 'field',
  S: 'component',
  R: 'repetition',
  E: 'escapeBy',
  T: 'subcomponent',
  P: 'truncation',
} as const;

/** Bytes in hexadecimal: UTF-8 where they are, otherwise a character a byte. */
function readHex(digits: string): string | undefined {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(digits)) return undefined;
  const bytes = Buffer.from(digits, 'hex');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes.toString('latin1') : text;
}

function resolve(code: string, delimiters: Delimiters): string | undefined {
  if (code === '.br') return '\n';
  if (code.startsWith('X')) return readHex(code.slice(1));
  return Object.hasOwn(CODES, code) ? delimiters[CODES[code as keyof typeof CODES]] : undefined;
}

/** Formatting of the standard that stays in the text. */
const FORMATTING = /^(?:H|N|\.(?:sp|in|ti|fi|nf|ce|sk)[+-]?\d*|[CM][0-9A-Fa-f]+|Z\w*)$/;

/** Resolves the escapes; a sequence of no meaning here, such as `\\H\\` for highlighting, stays as it is. */
export function resolveEscapes(text: string, delimiters: Delimiters): string {
  const { escapeBy } = delimiters;
  if (escapeBy === undefined || !text.includes(escapeBy)) return text;
  let result = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf(escapeBy, at);
    const end = start < 0 ? -1 : text.indexOf(escapeBy, start + 1);
    if (end < 0) return result + text.slice(at);
    const code = text.slice(start + 1, end);
    const found = resolve(code, delimiters);
    if (found !== undefined) {
      result += text.slice(at, start) + found;
      at = end + 1;
      continue;
    }
    // What is no sequence at all leaves its second character to the next one.
    const next = FORMATTING.test(code) ? end + 1 : end;
    result += text.slice(at, next);
    at = next;
  }
}

/** Writes the escapes; undefined when the text holds what cannot be written without an escape character. */
export function createEscaper(delimiters: Delimiters): (text: string) => string | undefined {
  const { escapeBy } = delimiters;
  const codes = new Map<string, string>();
  for (const [code, name] of Object.entries(CODES)) {
    const character = delimiters[name];
    if (character !== undefined) codes.set(character, code);
  }
  const own = [...codes.keys()].map(
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const special = new RegExp(`[\\u0000-\\u001f\\u007f${own.join('')}]`, 'g');
  const write = (character: string): string => {
    if (character === '\n') return `${escapeBy}.br${escapeBy}`;
    const hex = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
    return `${escapeBy}${codes.get(character) ?? `X${hex}`}${escapeBy}`;
  };
  return (text) => {
    special.lastIndex = 0;
    // Two quotes alone would be the null of HL7 v2.
    const isNull = text === '""';
    if (!isNull && !special.test(text)) return text;
    if (escapeBy === undefined) return undefined;
    return isNull ? `${escapeBy}X2222${escapeBy}` : text.replace(special, write);
  };
}
