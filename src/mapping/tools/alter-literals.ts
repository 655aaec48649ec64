/** Literals altered one at a time: what a mutation of a map changes. */
import type { ExpressionNode, LiteralNode } from '../tree.ts';
import type { Position } from '../types.ts';

/** A text in which one literal is another one. */
export interface AlteredText {
  readonly text: string;
  readonly position: Position;
  readonly change: string;
}

/** Strings, names in backticks, comments, dates and numbers: what may hold or look like a literal. */
const TOKENS =
  /'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*|@[\dT:.+Z-]+|[A-Za-z_]\w*|\d+(?:\.\d+)?/g;

/** The parser joins the lines of an expression: what stands on a further one is told by the first. */
function placeAt({ position }: ExpressionNode, offset: number): Position {
  return { ...position, column: position.column + offset };
}

/** Another literal of the same kind, and how it is told. */
export function alterLiteral(node: LiteralNode): { readonly node: LiteralNode; readonly change: string } {
  const { value } = node;
  const other = typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : `${value}~`;
  return {
    node: { ...node, value: other },
    change: `${JSON.stringify(value)} became ${JSON.stringify(other)}`,
  };
}

/** An expression with each of its texts and numbers altered in turn. */
export function alterExpression(node: ExpressionNode): readonly AlteredText[] {
  return [...node.text.matchAll(TOKENS)].flatMap(({ 0: token, index }) => {
    const isText = token.startsWith("'");
    if (!isText && !/^\d/.test(token)) return [];
    const other = isText ? `${token.slice(0, -1)}~'` : String(Number(token) + 1);
    const text = node.text.slice(0, index) + other + node.text.slice(index + token.length);
    return [{ text, position: placeAt(node, index), change: `${token} became ${other}` }];
  });
}
