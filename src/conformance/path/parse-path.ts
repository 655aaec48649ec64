/**
 * Compiles the part of FHIRPath that most invariants keep to into plain code: the same answers as the complete engine,
 * at a hundredth of its cost. What is beyond that part is left to the engine.
 *
 * @see http://hl7.org/fhirpath/N1/
 */
import {
  asTruth,
  type Collection,
  children,
  EMPTY,
  type Evaluate,
  FALSE,
  TRUE,
  truth,
  UNDECIDED,
} from './collection.ts';
import { distinct, equal, holds, order } from './compare-collections.ts';
import { FUNCTIONS } from './functions.ts';
import { type Token, tokenize } from './tokens.ts';

/** Undefined when the expression needs the complete engine. What it gives may throw {@link UNDECIDED}. */
export function compilePlain(expression: string): Evaluate | undefined {
  const tokens = tokenize(expression);
  if (!tokens) return undefined;
  try {
    const parser = new Parser(tokens);
    const compiled = parser.expression(0);
    return parser.atEnd() ? compiled : undefined;
  } catch (error) {
    if (error === UNDECIDED) return undefined;
    throw error;
  }
}

type Operator = (left: Evaluate, right: Evaluate) => Evaluate;

const ofValues =
  (work: (left: Collection, right: Collection) => Collection): Operator =>
  (left, right) =>
  (focus, run) =>
    work(left(focus, run), right(focus, run));

const compared = (work: (order: number) => boolean): Operator =>
  ofValues((left, right) => {
    const found = order(left, right);
    return found === undefined ? EMPTY : truth(work(found));
  });

const and: Operator = (left, right) => (focus, run) => {
  const first = asTruth(left(focus, run));
  if (first === false) return FALSE;
  const second = asTruth(right(focus, run));
  if (second === false) return FALSE;
  return first && second ? TRUE : EMPTY;
};

const or: Operator = (left, right) => (focus, run) => {
  const first = asTruth(left(focus, run));
  if (first === true) return TRUE;
  const second = asTruth(right(focus, run));
  if (second === true) return TRUE;
  return first === false && second === false ? FALSE : EMPTY;
};

const implies: Operator = (left, right) => (focus, run) => {
  const first = asTruth(left(focus, run));
  if (first === false) return TRUE;
  const second = asTruth(right(focus, run));
  if (second === true) return TRUE;
  return first === true && second === false ? FALSE : EMPTY;
};

const xor: Operator = ofValues((left, right) => {
  const [first, second] = [asTruth(left), asTruth(right)];
  return first === undefined || second === undefined ? EMPTY : truth(first !== second);
});

const isIn: Operator = ofValues((left, right) => {
  if (left.length === 0) return EMPTY;
  if (left.length > 1) throw UNDECIDED;
  return truth(holds(right, left[0]));
});

/** How strongly each operator binds: http://hl7.org/fhirpath/N1/#operator-precedence */
const OPERATORS: Readonly<Record<string, readonly [binding: number, Operator]>> = {
  implies: [1, implies],
  or: [2, or],
  xor: [2, xor],
  and: [3, and],
  in: [4, isIn],
  contains: [4, (left, right) => isIn(right, left)],
  '=': [5, ofValues((left, right) => toTruth(equal(left, right)))],
  '!=': [5, ofValues((left, right) => toTruth(negated(equal(left, right))))],
  '<': [6, compared((found) => found < 0)],
  '>': [6, compared((found) => found > 0)],
  '<=': [6, compared((found) => found <= 0)],
  '>=': [6, compared((found) => found >= 0)],
  '|': [7, ofValues((left, right) => distinct([...left, ...right]))],
};

const toTruth = (value: boolean | undefined): Collection => (value === undefined ? EMPTY : truth(value));
const negated = (value: boolean | undefined): boolean | undefined =>
  value === undefined ? undefined : !value;

const self: Evaluate = (focus) => focus;

/** Names that begin an expression and are no element. */
const VARIABLES: Readonly<Record<string, Evaluate>> = {
  $this: self,
  true: () => TRUE,
  false: () => FALSE,
  '%resource': (_focus, run) => [run.resource],
  '%rootResource': (_focus, run) => [run.rootResource],
};

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#next().kind === 'end';
  }

  expression(least: number): Evaluate {
    let left = this.#path();
    for (;;) {
      const token = this.#next();
      const known = token.kind === 'name' || token.kind === 'sign' ? OPERATORS[token.text] : undefined;
      if (!known || known[0] <= least) return left;
      this.#at++;
      left = known[1](left, this.expression(known[0]));
    }
  }

  #path(): Evaluate {
    let value = this.#start();
    while (this.#take('.')) value = this.#step(value);
    return value;
  }

  #start(): Evaluate {
    const { kind, text } = this.#next();
    if (kind === 'string' || kind === 'number') {
      this.#at++;
      const literal: Collection = [kind === 'string' ? text : Number(text)];
      return () => literal;
    }
    if (this.#take('(')) {
      const inner = this.expression(0);
      this.#expect(')');
      return inner;
    }
    const variable = kind === 'name' && Object.hasOwn(VARIABLES, text) ? VARIABLES[text] : undefined;
    if (!variable) return this.#step(self);
    this.#at++;
    return variable;
  }

  #step(from: Evaluate): Evaluate {
    const { kind, text } = this.#next();
    // A name with a capital is a type.
    if (kind !== 'name' || !/^[a-z]/.test(text)) throw UNDECIDED;
    this.#at++;
    if (!this.#take('(')) return (focus, run) => children(from(focus, run), text);
    const args = this.#arguments();
    const compile = Object.hasOwn(FUNCTIONS, text) ? FUNCTIONS[text] : undefined;
    const call = compile?.(from, args);
    if (!call) throw UNDECIDED;
    return call;
  }

  #arguments(): readonly Evaluate[] {
    if (this.#take(')')) return [];
    const args = [this.expression(0)];
    while (this.#take(',')) args.push(this.expression(0));
    this.#expect(')');
    return args;
  }

  #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #take(sign: string): boolean {
    const { kind, text } = this.#next();
    if (kind !== 'sign' || text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw UNDECIDED;
  }
}
