/**
 * Finds where a FHIRPath expression ends inside a map. Its meaning is left to the FHIRPath compiler; here only operands,
 * operators and brackets are told apart, so that `where a = 1 -> …`, `where (a) check (b)` and `then` all end it.
 *
 * @see https://hl7.org/fhirpath/N1/grammar.html
 */
import type { ExpressionNode } from '../tree.ts';
import type { Cursor } from './cursor.ts';
import type { Token } from './lexer.ts';

const WORD_OPERATORS: ReadonlySet<string> = new Set([
  'and',
  'or',
  'xor',
  'implies',
  'in',
  'contains',
  'is',
  'as',
  'div',
  'mod',
]);
const SYMBOL_OPERATORS: ReadonlySet<string> = new Set(
  '. + - * / | & = ~ != !~ <= >= < > << >>'.split(' ').filter((symbol) => !symbol.includes('<<')),
);
/** Units that may follow a number: `3 days`. */
const TIME_UNITS = /^(year|month|week|day|hour|minute|second|millisecond)s?$/;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** FHIRPath knows texts in single quotes only; maps write both. */
function pieceOf(token: Token): string {
  if (token.kind !== 'double') return token.text;
  return `'${token.text
    .slice(1, -1)
    .replace(/\\"/g, '"')
    .replace(/(^|[^\\])'/g, "$1\\'")}'`;
}

function textBetween(cursor: Cursor, tokens: readonly Token[]): string {
  let text = '';
  let end: number | undefined;
  for (const token of tokens) {
    if (end !== undefined && token.start > end) text += ' ';
    text += pieceOf(token);
    end = token.end;
  }
  return text === '' ? cursor.text.slice(end, end) : text;
}

function takeBracketed(cursor: Cursor, tokens: Token[]): void {
  const open = cursor.take();
  tokens.push(open);
  const close = CLOSING[open.text] ?? ')';
  while (!cursor.has(close)) {
    if (cursor.hasKind('end') || cursor.has(';')) cursor.fail([`'${close}'`]);
    if (CLOSING[cursor.peek().text] !== undefined && cursor.hasKind('symbol'))
      cursor.nest(() => takeBracketed(cursor, tokens));
    else tokens.push(cursor.take());
  }
  tokens.push(cursor.take());
}

function takeOperand(cursor: Cursor, tokens: Token[]): void {
  while (cursor.has('+') || cursor.has('-')) tokens.push(cursor.take());
  const token = cursor.peek();
  if (cursor.has('(') || cursor.has('{')) takeBracketed(cursor, tokens);
  else if (cursor.has('%') || cursor.has('$')) {
    tokens.push(cursor.take());
    const name = cursor.peek();
    if (!['name', 'delimited', 'string'].includes(name.kind)) cursor.fail(['a name']);
    tokens.push(cursor.take());
  } else if (token.kind === 'symbol' || token.kind === 'end' || token.kind === 'metadata')
    cursor.fail(['a FHIRPath expression']);
  else tokens.push(cursor.take());
  const followsNumber = token.kind === 'number' && cursor.hasKind('name');
  if (followsNumber && TIME_UNITS.test(cursor.peek().text)) tokens.push(cursor.take());
  if (token.kind === 'number' && cursor.hasKind('string')) tokens.push(cursor.take());
  while (cursor.has('(') || cursor.has('[')) takeBracketed(cursor, tokens);
}

function isOperator(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (token.kind === 'name') return WORD_OPERATORS.has(token.text);
  return token.kind === 'symbol' && (SYMBOL_OPERATORS.has(token.text) || /^[<>]$/.test(token.text));
}

/** Whether the first bracket closes only at the end, as in `(a and b)` but not in `(a) and (b)`. */
function isEnclosed(tokens: readonly Token[]): boolean {
  if (tokens[0]?.text !== '(' || tokens[0].kind !== 'symbol') return false;
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'symbol') continue;
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth === 0) return index === tokens.length - 1;
  }
  return false;
}

/**
 * Takes a FHIRPath expression as far as it reaches; enclosing parentheses are not part of it.
 *
 * @throws ParseFailure when no expression stands here or a bracket is not closed
 */
export function parseExpression(cursor: Cursor): ExpressionNode {
  const tokens: Token[] = [];
  takeOperand(cursor, tokens);
  while (isOperator(cursor)) {
    tokens.push(cursor.take());
    takeOperand(cursor, tokens);
  }
  let inner: readonly Token[] = tokens;
  while (isEnclosed(inner)) inner = inner.slice(1, -1);
  const first = inner[0];
  if (first === undefined) return cursor.fail(['a FHIRPath expression']);
  return { kind: 'expression', text: textBetween(cursor, inner), position: first.position };
}

/** Takes `( expression )`: what follows the closing bracket is not part of it, unlike in a `where` without brackets. */
export function parseBracketedExpression(cursor: Cursor): ExpressionNode {
  cursor.expect('(');
  const expression = parseExpression(cursor);
  cursor.expect(')');
  return expression;
}
