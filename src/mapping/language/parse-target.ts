/**
 * The right side of a rule: targets, their transforms and list modes.
 *
 * @see https://build.fhir.org/mapping-language.html#targets
 */
import type { ArgumentNode, TargetListMode, TargetNode, TransformName, TransformNode } from '../tree.ts';
import type { Position } from '../types.ts';
import type { Cursor } from './cursor.ts';
import { parseBracketedExpression, parseExpression } from './parse-expression.ts';

/** Every transform of the specification. */
export const TRANSFORMS = [
  'create',
  'copy',
  'truncate',
  'escape',
  'cast',
  'append',
  'translate',
  'reference',
  'dateOp',
  'uuid',
  'pointer',
  'evaluate',
  'cc',
  'c',
  'qty',
  'id',
  'cp',
] as const satisfies readonly TransformName[];

const LIST_MODES = [
  'first',
  'share',
  'last',
  'single',
  'collate',
] as const satisfies readonly TargetListMode[];

/** A literal or a variable. */
export function parseArgument(cursor: Cursor): Exclude<ArgumentNode, { kind: 'expression' }> {
  const position = cursor.position;
  const token = cursor.peek();
  if (token.kind === 'string' || token.kind === 'double')
    return { kind: 'literal', type: 'string', value: cursor.take().value, position };
  if (token.kind === 'date')
    return { kind: 'literal', type: 'string', value: cursor.take().text.slice(1), position };
  if (cursor.has('true') || cursor.has('false'))
    return { kind: 'literal', type: 'boolean', value: cursor.take().text === 'true', position };
  const sign = cursor.accept('-') ? -1 : 1;
  if (cursor.hasKind('number')) {
    const { text } = cursor.take();
    return {
      kind: 'literal',
      type: text.includes('.') ? 'decimal' : 'integer',
      value: sign * Number(text),
      position,
    };
  }
  if (sign < 0) cursor.fail(['a number']);
  cursor.accept('%');
  if (cursor.hasKind('name') || cursor.hasKind('delimited'))
    return { kind: 'variable', name: cursor.expectName(), position };
  return cursor.fail(['a variable', 'a literal']);
}

function parseArguments(cursor: Cursor, name: TransformName): readonly ArgumentNode[] {
  const found: ArgumentNode[] = [];
  cursor.expect('(');
  while (!cursor.has(')')) {
    const isExpression = name === 'evaluate' && (found.length > 0 || !cursor.has(',', 1));
    found.push(isExpression || cursor.has('(') ? parseExpression(cursor) : parseArgument(cursor));
    if (!cursor.accept(',') && !cursor.has(')')) cursor.fail(["','", "')'"]);
  }
  cursor.expect(')');
  return found;
}

function parseInvocation(cursor: Cursor): TransformNode {
  const position = cursor.position;
  const name = TRANSFORMS.find((known) => cursor.has(known));
  if (name === undefined) return cursor.fail(['a transform'], TRANSFORMS);
  cursor.take();
  return { name, arguments: parseArguments(cursor, name), position };
}

/** `a.b` as a value is FHIRPath over the map's variables. */
function parsePathValue(cursor: Cursor, position: Position): TransformNode {
  let text = `%${cursor.expectName()}`;
  while (cursor.accept('.')) text += `.${cursor.expectName()}`;
  return { name: 'evaluate', arguments: [{ kind: 'expression', text, position }], position };
}

function parseTransform(cursor: Cursor): TransformNode {
  const position = cursor.position;
  if (cursor.has('(')) return { name: 'evaluate', arguments: [parseBracketedExpression(cursor)], position };
  if (cursor.hasKind('name') && cursor.has('(', 1)) return parseInvocation(cursor);
  if (cursor.hasKind('name') && cursor.has('.', 1)) return parsePathValue(cursor, position);
  return { name: 'copy', arguments: [parseArgument(cursor)], position };
}

function parseListModes(cursor: Cursor): Pick<TargetNode, 'listModes' | 'shareName'> {
  const listModes: TargetListMode[] = [];
  let shareName: string | undefined;
  for (;;) {
    const mode = LIST_MODES.find((known) => cursor.has(known));
    if (mode === undefined) break;
    cursor.take();
    listModes.push(mode);
    if (mode === 'share') shareName = cursor.expectName();
  }
  return { listModes, ...(shareName !== undefined && { shareName }) };
}

function parsePlace(cursor: Cursor): Pick<TargetNode, 'context' | 'path' | 'transform'> {
  if (cursor.has('(') || (cursor.hasKind('name') && cursor.has('(', 1)))
    return { path: [], transform: parseTransform(cursor) };
  const context = cursor.expectName();
  const path: string[] = [];
  while (cursor.accept('.')) path.push(cursor.expectName());
  return cursor.accept('=') ? { context, path, transform: parseTransform(cursor) } : { context, path };
}

/** One target: `tgt.code = cc('system', v) as c share s`. */
export function parseTarget(cursor: Cursor): TargetNode {
  const position = cursor.position;
  const place = parsePlace(cursor);
  const variable = cursor.accept('as') ? cursor.expectName() : undefined;
  return { ...place, ...(variable !== undefined && { variable }), ...parseListModes(cursor), position };
}
