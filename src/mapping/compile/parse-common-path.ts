/**
 * Parses the FHIRPath that maps mostly hold: paths, calls, comparisons, `and` / `or`, literals. The full grammar of the
 * library takes milliseconds an expression, which adds up in a map of hundreds of rules; whatever is not plain enough
 * here is left to it.
 *
 * @see https://hl7.org/fhirpath/N1/grammar.html
 */
import type { PathNode } from './fhirpath-tree.ts';

interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'symbol' | 'external' | 'this';
  readonly text: string;
  readonly offset: number;
}

/** Each kind is a group, in the order of {@link KINDS}. Groups without names, because those with names are slow. */
const TOKEN =
  /[ \t]*(?:([A-Za-z_]\w*)|(%[A-Za-z_]\w*)|(\$this(?!\w))|('[^'\\\r\n]*')|(\d+(?:\.\d+)?(?![\w.]))|(!=|<=|>=|[=<>.,()&+]))/y;
const KINDS: readonly Token['kind'][] = ['name', 'external', 'this', 'string', 'number', 'symbol'];

/** Words that are operators, units or otherwise more than a name. */
const WORDS: ReadonlySet<string> = new Set(
  'and or xor implies is as in contains div mod true false year years month months week weeks day days hour hours minute minutes second seconds millisecond milliseconds asc desc sort'.split(
    ' ',
  ),
);

/** Operators from the loosest to the tightest, with the node each makes. */
const LEVELS: readonly Readonly<Record<string, string>>[] = [
  { or: 'OrExpression' },
  { and: 'AndExpression' },
  { '=': 'EqualityExpression', '!=': 'EqualityExpression' },
  {
    '<': 'InequalityExpression',
    '<=': 'InequalityExpression',
    '>': 'InequalityExpression',
    '>=': 'InequalityExpression',
  },
  { '+': 'AdditiveExpression', '&': 'AdditiveExpression' },
];
/** Deeper parentheses and calls are left to the library. */
const GREATEST_DEPTH = 30;

/** Thrown inside when an expression is not plain enough. */
class NotCommon extends Error {}

function readTokens(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const groups = TOKEN.exec(text);
    if (!groups) return undefined;
    const index = groups.findIndex((value, each) => each > 0 && value !== undefined);
    const [kind, value] = [KINDS[index - 1], groups[index]];
    if (kind === undefined || value === undefined) return undefined;
    tokens.push({ kind, text: value, offset: TOKEN.lastIndex - value.length });
  }
  return tokens;
}

class CommonPathParser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): PathNode {
    const expression = this.#expression(0);
    if (this.#next < this.#tokens.length) throw new NotCommon();
    const inner = { type: 'EntireExpression', children: [expression] };
    return { type: 'EntireExpression', children: [inner] };
  }

  #peek(text: string): boolean {
    const token = this.#tokens[this.#next];
    return token !== undefined && token.kind !== 'string' && token.text === text;
  }

  #take(): Token {
    const token = this.#tokens[this.#next];
    if (!token) throw new NotCommon();
    this.#next += 1;
    return token;
  }

  #expect(text: string): void {
    if (!this.#peek(text)) throw new NotCommon();
    this.#next += 1;
  }

  #expression(level: number): PathNode {
    const operators = LEVELS[level];
    if (!operators) return this.#path();
    let left = this.#expression(level + 1);
    for (;;) {
      const token = this.#tokens[this.#next];
      const type = token && token.kind !== 'string' && Object.hasOwn(operators, token.text);
      if (!type) return left;
      this.#next += 1;
      const right = this.#expression(level + 1);
      left = { type: operators[token.text] ?? '', ...placed(token), children: [left, right] };
    }
  }

  #path(): PathNode {
    let left: PathNode = { type: 'TermExpression', children: [this.#term()] };
    while (this.#peek('.')) {
      this.#next += 1;
      left = { type: 'InvocationExpression', children: [left, this.#invocation()] };
    }
    return left;
  }

  #term(): PathNode {
    const token = this.#tokens[this.#next];
    if (token?.kind === 'string' || token?.kind === 'number') {
      this.#next += 1;
      const type = token.kind === 'string' ? 'StringLiteral' : 'NumberLiteral';
      return literal(token, type);
    }
    if (token?.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
      this.#next += 1;
      return literal(token, 'BooleanLiteral');
    }
    if (token?.kind === 'external') {
      this.#next += 1;
      return external(token);
    }
    if (token?.kind === 'this') {
      this.#next += 1;
      const { start, length } = placed(token);
      return { type: 'InvocationTerm', children: [{ type: 'ThisInvocation', start, length }] };
    }
    if (!this.#peek('(')) return { type: 'InvocationTerm', children: [this.#invocation()] };
    return { type: 'ParenthesizedTerm', children: [this.#inside(() => this.#expression(0))] };
  }

  /** What stands between parentheses. */
  #inside<T>(read: () => T): T {
    this.#expect('(');
    this.#depth += 1;
    if (this.#depth > GREATEST_DEPTH) throw new NotCommon();
    const value = read();
    this.#depth -= 1;
    this.#expect(')');
    return value;
  }

  #invocation(): PathNode {
    const token = this.#take();
    if (token.kind !== 'name' || WORDS.has(token.text)) throw new NotCommon();
    const place = placed(token);
    const identifier = { type: 'Identifier', ...place };
    if (!this.#peek('(')) return { type: 'MemberInvocation', ...place, children: [identifier] };
    const parameters = this.#inside(() => this.#parameters());
    const list = parameters.length === 0 ? [] : [{ type: 'ParamList', children: parameters }];
    const call = { type: 'Functn', text: token.text, children: [identifier, ...list] };
    return { type: 'FunctionInvocation', ...place, children: [call] };
  }

  #parameters(): readonly PathNode[] {
    const parameters: PathNode[] = [];
    if (this.#peek(')')) return parameters;
    for (;;) {
      const from = this.#next;
      const node = this.#expression(0);
      // The library gives a parameter without a text of its own the text that it was written as.
      const written = this.#tokens.slice(from, this.#next).map((token) => token.text);
      parameters.push(node.text === undefined ? { ...node, text: written.join('') } : node);
      if (!this.#peek(',')) return parameters;
      this.#next += 1;
    }
  }
}

function placed({ text, offset }: Token): Required<Pick<PathNode, 'text' | 'start' | 'length'>> {
  return { text, start: { line: 1, column: offset + 1 }, length: text.length };
}

function literal(token: Token, type: string): PathNode {
  return { type: 'LiteralTerm', ...placed(token), children: [{ type, text: token.text }] };
}

function external(token: Token): PathNode {
  const name = { ...token, text: token.text.slice(1), offset: token.offset + 1 };
  const identifier = { type: 'Identifier', ...placed(name) };
  const constant = { type: 'ExternalConstant', children: [identifier] };
  const { start, length } = placed({ ...name, offset: token.offset });
  return { type: 'ExternalConstantTerm', text: name.text, start, length, children: [constant] };
}

/** The tree that the library would make of an expression; undefined when it is not a common one, or wrong. */
export function parseCommonPath(text: string): PathNode | undefined {
  const tokens = readTokens(text);
  if (!tokens || tokens.length === 0) return undefined;
  try {
    return new CommonPathParser(tokens).parse();
  } catch (error) {
    if (error instanceof NotCommon) return undefined;
    throw error;
  }
}
