import { suggestWord } from '../suggestion.ts';
import type { MapDiagnostic, Position } from '../types.ts';
import type { Comment, LexedMap, Token, TokenKind } from './lexer.ts';

/** Thrown inside the parser after a diagnostic was noted; caught where parsing can go on. Never leaves the parser. */
export class ParseFailure extends Error {
  override readonly name = 'ParseFailure';
}

/** How deep rules and brackets may stand in each other. */
const MAX_NESTING = 100;

/** Names in the reader's words. */
const KIND_WORDS: Readonly<Partial<Record<TokenKind, string>>> = {
  name: 'a name',
  string: "a text in '…'",
  double: 'a text in "…"',
  number: 'a number',
  end: 'the end of the map',
};

/** Walks over the tokens of a map and collects what is wrong. */
export class Cursor {
  readonly text: string;
  readonly diagnostics: MapDiagnostic[];
  readonly #tokens: readonly Token[];
  readonly #comments: readonly Comment[];
  #at = 0;
  #comment = 0;
  #depth = 0;

  constructor(text: string, lexed: LexedMap) {
    this.text = text;
    this.#tokens = lexed.tokens;
    this.#comments = lexed.comments;
    this.diagnostics = [...lexed.diagnostics];
  }

  /** The token `ahead` places further on; the end token behind the last. */
  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    const token = this.#tokens[Math.min(this.#at + ahead, last)];
    if (token === undefined) throw new RangeError('a lexed map has at least an end token');
    return token;
  }

  get position(): Position {
    return this.peek().position;
  }

  /** The token just taken. */
  previous(): Token | undefined {
    return this.#tokens[this.#at - 1];
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  /** Whether the next token is this symbol or word. */
  has(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text && (token.kind === 'symbol' || token.kind === 'name');
  }

  hasKind(kind: TokenKind, ahead = 0): boolean {
    return this.peek(ahead).kind === kind;
  }

  /** Takes the symbol or word when it is next. */
  accept(text: string): boolean {
    if (!this.has(text)) return false;
    this.#at += 1;
    return true;
  }

  expect(text: string): Token {
    if (this.has(text)) return this.take();
    return this.fail([`'${text}'`]);
  }

  /** Takes one of the words. */
  expectOneOf<T extends string>(words: readonly T[]): T {
    const word = words.find((candidate) => this.has(candidate));
    if (word === undefined)
      return this.fail(
        words.map((each) => `'${each}'`),
        words,
      );
    this.take();
    return word;
  }

  /** A name: plain or in backticks. */
  expectName(): string {
    const token = this.peek();
    if (token.kind === 'name' || token.kind === 'delimited') return this.take().value;
    return this.fail(['a name']);
  }

  /** A text in single or double quotes. */
  expectText(): string {
    const token = this.peek();
    if (token.kind === 'string' || token.kind === 'double') return this.take().value;
    return this.fail(['a text in quotes']);
  }

  /** Notes an error at the next token and leaves the construct. */
  fail(expected: readonly string[], words: readonly string[] = []): never {
    const token = this.peek();
    const found = token.kind === 'end' ? KIND_WORDS.end : `'${token.text}'`;
    const near = suggestWord(token.text, words);
    this.diagnostics.push({
      ...token.position,
      severity: 'error',
      message: `expected ${expected.join(' or ')} but found ${found}`,
      expected,
      ...(near !== undefined && { suggestion: `did you mean '${near}'?` }),
    });
    throw new ParseFailure();
  }

  /** Parses what stands inside brackets; deeper than anybody writes is an error, because it costs stack. */
  nest<T>(parse: () => T): T {
    if (this.#depth === MAX_NESTING) {
      this.report(this.position, `this is nested deeper than ${MAX_NESTING}`);
      throw new ParseFailure();
    }
    this.#depth += 1;
    try {
      return parse();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Notes an error that does not stop parsing. */
  report(position: Position, message: string, suggestion?: string, expected?: readonly string[]): void {
    this.diagnostics.push({
      ...position,
      severity: 'error',
      message,
      ...(expected && { expected }),
      ...(suggestion && { suggestion }),
    });
  }

  /** The comments in front of the next token that nothing took yet, one a line. */
  takeDocumentation(): { readonly documentation?: string } {
    const end = this.peek().start;
    const lines: string[] = [];
    for (let comment = this.#comments[this.#comment]; comment && comment.start < end; ) {
      lines.push(comment.text);
      this.#comment += 1;
      comment = this.#comments[this.#comment];
    }
    return lines.length > 0 ? { documentation: lines.join('\n') } : {};
  }

  /** The comment that stands on the line of the token just taken, behind it. */
  takeTrailingComment(): { readonly documentation?: string } {
    const token = this.previous();
    const comment = this.#comments[this.#comment];
    if (!token || !comment || comment.line !== token.position.line || comment.start < token.end) return {};
    if (comment.start > this.peek().start && this.peek().kind !== 'end') return {};
    this.#comment += 1;
    return { documentation: comment.text };
  }

  /**
   * Skips to where parsing can go on: behind the next of `ends` at this depth of braces, or in front of a closing
   * brace, one of `stops` or what `isStart` knows.
   */
  recover(
    ends: readonly string[],
    stops: readonly string[],
    isStart: (cursor: Cursor) => boolean = () => false,
  ): void {
    let depth = 0;
    while (!this.hasKind('end')) {
      const isStop = this.has('}') || stops.some((stop) => this.has(stop)) || isStart(this);
      if (depth === 0 && isStop) return;
      if (this.has('{')) depth += 1;
      if (this.has('}')) depth -= 1;
      const token = this.take();
      if (depth === 0 && token.kind === 'symbol' && ends.includes(token.text)) return;
    }
  }
}
