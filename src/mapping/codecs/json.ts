/**
 * JSON. The platform's parser reads; only when it refuses, the text is gone through again to find the place.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
import { MappingError } from '../types.ts';
import type { Codec } from './codec.ts';
import { positionAt } from './position-at.ts';

const BLANK = /[ \t\r\n]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** How a number that is too great for JavaScript must be written. */
const GREAT_NUMBER = /\d{309}|\de\+?\d{3}/i;
const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;

/** Where the text that starts at an offset ends; undefined when it is none. A loop, because texts can be huge. */
function endOfText(text: string, start: number): number | undefined {
  if (text[start] !== '"') return undefined;
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return undefined;
    if (code !== 0x5c) continue;
    ESCAPE.lastIndex = at;
    if (!ESCAPE.test(text)) return undefined;
    at = ESCAPE.lastIndex - 1;
  }
  return undefined;
}

class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Walks over a JSON text without building it. Open brackets are kept in a list, so depth costs no stack. */
function findFault(text: string): Fault {
  let offset = 0;
  const open: ('{' | '[')[] = [];
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    const match = pattern.exec(text);
    if (match) offset += match[0].length;
    return match !== null;
  };
  const skipText = (): boolean => {
    const end = endOfText(text, offset);
    offset = end ?? offset;
    return end !== undefined;
  };
  const fault = (expected: string): Fault => {
    const found = text[offset];
    return new Fault(
      offset,
      `expected ${expected} but found ${found === undefined ? 'the end' : `'${found}'`}`,
    );
  };
  const takeName = (): Fault | undefined => {
    skip(BLANK);
    if (!skipText()) return fault('a name in "…"');
    skip(BLANK);
    if (text[offset] !== ':') return fault("':'");
    offset += 1;
    return undefined;
  };
  for (;;) {
    skip(BLANK);
    const bracket = text[offset];
    if (bracket === '{' || bracket === '[') {
      offset += 1;
      skip(BLANK);
      if (text[offset] !== (bracket === '{' ? '}' : ']')) {
        open.push(bracket);
        const broken = bracket === '{' ? takeName() : undefined;
        if (broken) return broken;
        continue;
      }
      offset += 1;
    } else if (!skipText() && !skip(SCALAR)) return fault('a value');
    for (;;) {
      skip(BLANK);
      const inside = open.at(-1);
      if (inside === undefined) return fault('the end');
      const close = inside === '{' ? '}' : ']';
      if (text[offset] === close) {
        offset += 1;
        open.pop();
        continue;
      }
      if (text[offset] !== ',') return fault(`',' or '${close}'`);
      offset += 1;
      const broken = inside === '{' ? takeName() : undefined;
      if (broken) return broken;
      break;
    }
  }
}

function hasInfinity(root: unknown): boolean {
  const open = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === 'number' && !Number.isFinite(value)) return true;
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) open.push(inner);
  }
  return false;
}

/** A number that became infinite would be written as null. */
function refuseInfinity(text: string, value: unknown, file: string): void {
  if (!hasInfinity(value)) return;
  const numbers = [...text.matchAll(NUMBER)].filter((match) => !Number.isFinite(Number(match[0])));
  throw new MappingError(positionAt(text, numbers[0]?.index ?? 0, file), 'this number is too great');
}

/** JSON as it comes; a byte order mark in front is ignored. Printed with two spaces a level and a line end. */
export const json: Codec = {
  parse: (text, file) => {
    const body = text.startsWith('\ufeff') ? text.slice(1) : text;
    try {
      const value: unknown = JSON.parse(body);
      if (GREAT_NUMBER.test(body)) refuseInfinity(body, value, file);
      return value;
    } catch (error) {
      if (error instanceof MappingError) throw error;
      if (error instanceof RangeError)
        throw new MappingError({ file, line: 1, column: 1 }, 'not JSON: this is nested too deep');
      const { offset, message } = findFault(body);
      throw new MappingError(positionAt(body, offset, file), `not JSON: ${message}`);
    }
  },
  print: (value) => {
    try {
      return `${JSON.stringify(value, undefined, 2)}\n`;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new MappingError({ file: 'output', line: 1, column: 1 }, 'this is nested too deep for JSON');
    }
  },
};
