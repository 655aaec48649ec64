/**
 * Rules: `sources -> targets then dependents { rules } "name";`
 *
 * @see https://build.fhir.org/mapping-language.html#rules
 */
import type { DependentNode, RuleNode, SourceListMode, SourceNode, TargetNode } from '../tree.ts';
import { type Cursor, ParseFailure } from './cursor.ts';
import { parseBracketedExpression, parseExpression } from './parse-expression.ts';
import { parseArgument, parseTarget } from './parse-target.ts';

const LIST_MODES = [
  'first',
  'not_first',
  'last',
  'not_last',
  'only_one',
] as const satisfies readonly SourceListMode[];

function parseCardinality(cursor: Cursor): Pick<SourceNode, 'min' | 'max'> {
  if (!cursor.hasKind('number')) return {};
  const min = Number(cursor.take().text);
  cursor.expect('..');
  if (cursor.accept('*')) return { min, max: '*' };
  if (!cursor.hasKind('number')) cursor.fail(['a number', "'*'"]);
  return { min, max: cursor.take().text };
}

function parseDefault(cursor: Cursor): SourceNode['default'] {
  if (cursor.has('(')) return parseBracketedExpression(cursor);
  const argument = parseArgument(cursor);
  if (argument.kind === 'literal') return argument;
  return { kind: 'expression', text: `%${argument.name}`, position: argument.position };
}

function parseConditions(cursor: Cursor): Pick<SourceNode, 'where' | 'check' | 'log'> {
  return {
    ...(cursor.accept('where') && { where: parseExpression(cursor) }),
    ...(cursor.accept('check') && { check: parseExpression(cursor) }),
    ...(cursor.accept('log') && { log: parseExpression(cursor) }),
  };
}

function parseSource(cursor: Cursor): SourceNode {
  const position = cursor.position;
  const context = cursor.expectName();
  const path: string[] = [];
  while (cursor.accept('.')) path.push(cursor.expectName());
  const type = cursor.accept(':') ? cursor.expectName() : undefined;
  const cardinality = parseCardinality(cursor);
  const fallback = cursor.accept('default') ? parseDefault(cursor) : undefined;
  const listMode = LIST_MODES.find((known) => cursor.has(known));
  if (listMode !== undefined) cursor.take();
  const variable = cursor.accept('as') ? cursor.expectName() : undefined;
  return {
    context,
    path,
    ...(type !== undefined && { type }),
    ...cardinality,
    ...(fallback !== undefined && { default: fallback }),
    ...(listMode !== undefined && { listMode }),
    ...(variable !== undefined && { variable }),
    ...parseConditions(cursor),
    position,
  };
}

function parseList<T>(cursor: Cursor, parse: (cursor: Cursor) => T): readonly T[] {
  const found = [parse(cursor)];
  while (cursor.accept(',')) found.push(parse(cursor));
  return found;
}

function parseDependent(cursor: Cursor): DependentNode {
  const position = cursor.position;
  const group = cursor.expectName();
  cursor.expect('(');
  const found = cursor.has(')') ? [] : parseList(cursor, parseArgument);
  cursor.expect(')');
  return { group, arguments: found, position };
}

function parseThen(cursor: Cursor): Pick<RuleNode, 'dependents' | 'rules'> {
  if (!cursor.accept('then')) return { dependents: [], rules: [] };
  const dependents = cursor.has('{') ? [] : parseList(cursor, parseDependent);
  return { dependents, rules: cursor.has('{') ? cursor.nest(() => parseRules(cursor)) : [] };
}

function parseRuleName(cursor: Cursor): string | undefined {
  if (cursor.hasKind('double') || cursor.hasKind('string')) return cursor.take().value;
  const isName = cursor.hasKind('name') || cursor.hasKind('delimited');
  return isName && cursor.has(';', 1) ? cursor.expectName() : undefined;
}

/** A semicolon that is missing at the end of a line is reported there, and the next line is read as a rule. */
function expectEnd(cursor: Cursor): void {
  if (cursor.accept(';')) return;
  const previous = cursor.previous();
  const isNextLine = previous && (cursor.position.line > previous.position.line || cursor.has('}'));
  if (!isNextLine) cursor.fail(["';'"], ['then', 'where', 'check', 'log', 'as', 'share', 'first', 'last']);
  const { position, text } = previous;
  cursor.report({ ...position, column: position.column + text.length }, "expected ';'", 'add ;', ["';'"]);
}

function parseRule(cursor: Cursor): RuleNode {
  const documentation = cursor.takeDocumentation();
  const position = cursor.position;
  const sources = parseList(cursor, parseSource);
  const targets: readonly TargetNode[] = cursor.accept('->') ? parseList(cursor, parseTarget) : [];
  const then = parseThen(cursor);
  const name = parseRuleName(cursor);
  expectEnd(cursor);
  return { ...(name !== undefined && { name }), sources, targets, ...then, ...documentation, position };
}

/** Whether a new line looks like a rule behind one whose semicolon is missing. */
function startsRule(cursor: Cursor): boolean {
  const previous = cursor.previous();
  if (!previous || !cursor.hasKind('name') || cursor.position.line === previous.position.line) return false;
  const goesOn = previous.kind === 'symbol' && !/^[)}\]]$/.test(previous.text);
  return !goesOn && (cursor.has('.', 1) || cursor.has('->', 1) || cursor.has('as', 1));
}

/** Parses `{ rule* }`; a broken rule is noted and skipped, the next is read. */
export function parseRules(cursor: Cursor): readonly RuleNode[] {
  const rules: RuleNode[] = [];
  cursor.expect('{');
  while (!cursor.has('}') && !cursor.hasKind('end')) {
    try {
      rules.push(parseRule(cursor));
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      cursor.recover([';'], ['group'], startsRule);
      if (cursor.has('group')) throw error;
    }
  }
  cursor.takeDocumentation();
  cursor.expect('}');
  return rules;
}
