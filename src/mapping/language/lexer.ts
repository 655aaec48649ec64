/**
 * Cuts a map's text into tokens. Comments are kept beside the tokens, because they become documentation.
 *
 * @see https://build.fhir.org/mapping-language.html#grammar
 */
import type { MapDiagnostic, Position } from '../types.ts';

export type TokenKind =
  | 'name'
  | 'delimited'
  | 'string'
  | 'double'
  | 'markdown'
  | 'number'
  | 'date'
  | 'symbol'
  | 'metadata'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The token as written. */
  readonly text: string;
  /** The value of a string or delimited name with its escapes resolved; the text of anything else. */
  readonly value: string;
  readonly position: Position;
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
}

export interface Comment {
  readonly text: string;
  readonly line: number;
  readonly start: number;
}

export interface LexedMap {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly MapDiagnostic[];
}

/** Tried in this order at each place. A text may reach to the end of its line, which is an error told apart below. */
const PATTERNS: readonly (readonly [TokenKind | 'blank' | 'comment', RegExp])[] = [
  ['blank', /[\s\u00a0\ufeff]+/y],
  ['name', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['metadata', /\/\/\/(?!\/)/y],
  ['comment', /\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$(?![\s\S]))/y],
  ['symbol', /->|<<|>>|\.\.|==|!=|!~|<=|>=|[-+*/|&=<>~.,:;(){}[\]%$]/y],
  ['markdown', /"""[\s\S]*?(?:"""|$(?![\s\S]))/y],
  ['string', /'(?:[^'\\\r\n]|\\.)*'?/y],
  ['double', /"(?:[^"\\\r\n]|\\.)*"?/y],
  ['number', /[0-9]+(?:\.[0-9]+)?/y],
  ['delimited', /`(?:[^`\\\r\n]|\\.)*`?/y],
  ['date', /@T?[0-9][0-9T:.+Z-]*/y],
];

/** The token, comment or blank that stands at an offset. */
function findPiece(
  text: string,
  offset: number,
): readonly [TokenKind | 'blank' | 'comment', string] | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = offset;
    if (pattern.test(text)) return [kind, text.slice(offset, pattern.lastIndex)];
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

/** Resolves the escapes of FHIRPath strings: `\\n`, `\\u00e4`, `\\'`. */
export function resolveEscapes(body: string): string {
  return body.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) =>
    code.length === 5 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  );
}

function tokenValue(kind: TokenKind, text: string): string {
  if (kind === 'markdown') return text.slice(3, -3).replace(/^\r?\n/, '');
  if (kind === 'string' || kind === 'double' || kind === 'delimited')
    return resolveEscapes(text.slice(1, -1));
  return text;
}

function isUnclosed(kind: TokenKind, text: string): boolean {
  if (kind === 'markdown') return text.length < 6 || !text.endsWith('"""');
  if (kind !== 'string' && kind !== 'double' && kind !== 'delimited') return false;
  const quote = text[0];
  const escaped = /(\\+)$/.exec(text.slice(0, -1))?.[1]?.length ?? 0;
  return text.length < 2 || !text.endsWith(quote ?? '') || escaped % 2 === 1;
}

function commentText(text: string): string {
  const body = text.startsWith('/*') ? text.slice(2).replace(/\*\/$/, '') : text.slice(2);
  return body.trim();
}

/**
 * Lexes a map.
 *
 * @param text the map's text
 * @param file the name used in positions
 * @returns tokens (the last one of kind `end`), comments, and a diagnostic for every character or string that is no token
 */
export function lexMap(text: string, file: string): LexedMap {
  const tokens: Token[] = [];
  const comments: Comment[] = [];
  const diagnostics: MapDiagnostic[] = [];
  let line = 1;
  let lineStart = 0;
  let offset = 0;
  const place = (): Position => ({ file, line, column: offset - lineStart + 1 });
  const refuse = (message: string, suggestion?: string): void => {
    diagnostics.push({ ...place(), severity: 'error', message, ...(suggestion && { suggestion }) });
  };
  const advance = (piece: string): void => {
    for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) {
      line += 1;
      lineStart = offset + at + 1;
    }
    offset += piece.length;
  };
  while (offset < text.length) {
    const [kind, piece] = findPiece(text, offset) ?? [];
    if (kind === undefined || piece === undefined) {
      const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
      refuse(`unexpected character '${character}'`);
      advance(character);
    } else if (kind === 'comment') {
      comments.push({ text: commentText(piece), line, start: offset });
      advance(piece);
    } else if (kind === 'blank') {
      advance(piece);
    } else {
      const token = kind;
      const unclosed = isUnclosed(token, piece);
      if (unclosed)
        refuse(`this ${token === 'delimited' ? 'name' : 'text'} is not closed`, `add ${piece[0]}`);
      const value = tokenValue(token, unclosed ? `${piece}${piece[0]}` : piece);
      tokens.push({
        kind: token,
        text: piece,
        value,
        position: place(),
        start: offset,
        end: offset + piece.length,
      });
      advance(piece);
    }
  }
  tokens.push({ kind: 'end', text: '', value: '', position: place(), start: offset, end: offset });
  return { tokens, comments, diagnostics };
}
