/**
 * JSON. The platform's parser reads; only when it refuses, the text is gone through again to find the place.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
import { MappingError } from '../types.ts';
import type { Codec } from './codec.ts';
import { positionAt } from './position-at.ts';

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

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
  const fault = (expected: string): Fault => {
    const found = text[offset];
    return new Fault(
      offset,
      `expected ${expected} but found ${found === undefined ? 'the end' : `'${found}'`}`,
    );
  };
  const takeName = (): Fault | undefined => {
    skip(BLANK);
    if (!skip(STRING)) return fault('a name in "…"');
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
    } else if (!skip(STRING) && !skip(SCALAR)) return fault('a value');
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

/** JSON as it comes; a byte order mark in front is ignored. Printed with two spaces a level and a line end. */
export const json: Codec = {
  parse: (text, file) => {
    const body = text.startsWith('\ufeff') ? text.slice(1) : text;
    try {
      return JSON.parse(body);
    } catch {
      const { offset, message } = findFault(body);
      throw new MappingError(positionAt(body, offset, file), `not JSON: ${message}`);
    }
  },
  print: (value) => `${JSON.stringify(value, undefined, 2)}\n`,
};
