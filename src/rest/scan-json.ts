/**
 * Scans JSON text strictly: RFC 8259, and beyond it what JSON.parse lets through and a gateway must not: a name
 * twice in one object, names that reach prototypes, deep nesting, numbers no double holds, and characters that
 * no database text holds. Says where by line and column, and never repeats what was sent.
 * @see https://www.rfc-editor.org/rfc/rfc8259
 * @see https://hl7.org/fhir/R4/json.html
 */
import { isPlainNumber } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Characters of a number: far more than a measurement has, fewer than a database column takes. */
const MOST_DIGITS = 1000;
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * @param text the whole JSON text
 * @param maxDepth objects and arrays inside each other, at most
 * @returns whether each number is written as JavaScript writes it, so that JSON.parse loses no digits
 * @throws SiltaError `invalid-json` starting with `line:column:` of the first fault
 */
export function scanJson(text: string, maxDepth: number): boolean {
  return new JsonScanner(text, maxDepth).scan();
}

class JsonScanner {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  #plain = true;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  scan(): boolean {
    this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#fault('nothing may follow the end of the JSON text');
    return this.#plain;
  }

  #value(depth: number): void {
    this.#space();
    const code = this.#text.charCodeAt(this.#at);
    if (code === OPEN_OBJECT) this.#object(depth + 1);
    else if (code === OPEN_ARRAY) this.#array(depth + 1);
    else if (code === QUOTE) this.#string();
    else if (!(this.#word('true') || this.#word('false') || this.#word('null'))) this.#number();
  }

  #object(depth: number): void {
    this.#descend(depth);
    const names = new Set<string>();
    if (this.#takeClosing(CLOSE_OBJECT)) return;
    do {
      this.#space();
      const start = this.#at;
      if (this.#text.charCodeAt(start) !== QUOTE) throw this.#fault('expected a name in double quotes');
      const name = this.#string();
      if (FORBIDDEN_NAMES.has(name)) throw this.#fault('this name is not allowed', start);
      if (names.has(name)) throw this.#fault('the same name twice in one object', start);
      names.add(name);
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== COLON) throw this.#fault("expected ':'");
      this.#at++;
      this.#value(depth);
    } while (this.#takeComma());
    if (!this.#takeClosing(CLOSE_OBJECT)) throw this.#fault("expected ',' or '}'");
  }

  #array(depth: number): void {
    this.#descend(depth);
    if (this.#takeClosing(CLOSE_ARRAY)) return;
    do this.#value(depth);
    while (this.#takeComma());
    if (!this.#takeClosing(CLOSE_ARRAY)) throw this.#fault("expected ',' or ']'");
  }

  #descend(depth: number): void {
    if (depth > this.#maxDepth) throw this.#fault(`nested more than ${this.#maxDepth} levels deep`);
    this.#at++;
  }

  /** Passes a string and returns its value. */
  #string(): string {
    const start = this.#at;
    let escaped = false;
    for (let at = start + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return escaped ? this.#unescape(start) : this.#text.slice(start + 1, at);
      }
      if (code < 0x20) throw this.#fault('a control character must be escaped', at);
      if (code === BACKSLASH) {
        escaped = true;
        at++;
      }
    }
    throw this.#fault('a string without its closing quote', start);
  }

  #unescape(start: number): string {
    const value = parseString(this.#text.slice(start, this.#at));
    if (value === undefined) throw this.#fault('a wrong escape sequence in this string', start);
    if (value.includes('\0')) throw this.#fault('the character U+0000 is not allowed', start);
    if (LONE_SURROGATE.test(value)) throw this.#fault('half of a surrogate pair is not allowed', start);
    return value;
  }

  #number(): void {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.#text)?.[0];
    if (!found) throw this.#fault('expected a JSON value');
    if (found.length > MOST_DIGITS || !Number.isFinite(Number(found)))
      throw this.#fault('a number out of range');
    this.#plain &&= isPlainNumber(found);
    this.#at += found.length;
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #takeComma(): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== COMMA) return false;
    this.#at++;
    return true;
  }

  #takeClosing(code: number): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #fault(what: string, at = this.#at): SiltaError {
    const before = this.#text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const reached = at >= this.#text.length ? ' (the text ends here)' : '';
    return new SiltaError('invalid-json', `${line}:${column}: ${what}${reached}.`);
  }
}

function parseString(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}
