/**
 * Evaluates SDC expressions over a response.
 *
 * @see http://hl7.org/fhir/uv/sdc/STU3/expressions.html
 */
import fhirpath, { type Model, type UserInvocationTable } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import { type Form, type FormItem, scoreOf, type Variable } from './form.ts';
import { isObject, type JsonObject, textOf } from './json.ts';
import { recogniseSumOfScores, type SumOfScores } from './sum-of-scores.ts';

// The model's own type leaves out what the engine's type allows to be left out.
const MODEL = r4 as Model;

/** Where an expression stands. */
export interface Context {
  readonly form: Form;
  readonly response: JsonObject;
  /** The calculated item of the Questionnaire. */
  readonly item: FormItem;
  /** The response's own items around it, outermost first; the last is the focus. */
  readonly holders: readonly JsonObject[];
}

type Evaluate = (context: Context) => readonly unknown[];

const compiled = new Map<string, Evaluate>();

/**
 * The values an item's calculated expression yields.
 *
 * @throws Error when the expression cannot be parsed or evaluated
 */
export function calculate(expression: string, context: Context): readonly unknown[] {
  const known = compiled.get(expression);
  if (known) return known(context);
  const sum = recogniseSumOfScores(expression);
  const evaluate: Evaluate = sum ? sumOnly(sum) : (given) => run(expression, given);
  compiled.set(expression, evaluate);
  return evaluate(context);
}

function sumOnly(sum: SumOfScores): Evaluate {
  return ({ response, form }) => {
    const total = sum(response, form);
    return total === undefined ? [] : [withoutNoise(total)];
  };
}

/** Decimal scores added as binary numbers: 0.1 + 0.2 shall be 0.3. */
export function withoutNoise(value: number): number {
  return Number(value.toFixed(8));
}

/** Evaluates by FHIRPath. Exported for the proof that the plain form gives the same. */
export function run(expression: string, context: Context): readonly unknown[] {
  const { form, response, item, holders } = context;
  const variables: Record<string, unknown> = {
    resource: response,
    questionnaire: form.questionnaire,
    qitem: item.source,
  };
  const table = scoreFunctions(form);
  const root = { focus: response, base: undefined };
  bind(form.variables, variables, root, table);
  for (const [holder, definition] of [...pairs(holders, item)]) {
    bind(definition.variables, variables, { focus: holder, base: 'QuestionnaireResponse.item' }, table);
  }
  bind(item.variables, variables, focusOf(context), table);
  return evaluate(expression, focusOf(context), variables, table);
}

interface Focus {
  readonly focus: JsonObject;
  /** Path that tells the engine the type of a part of the response. */
  readonly base: string | undefined;
}

function focusOf({ holders, response }: Context): Focus {
  const last = holders.at(-1);
  return last ? { focus: last, base: 'QuestionnaireResponse.item' } : { focus: response, base: undefined };
}

/** Each holder with the item of the Questionnaire that it answers. */
function* pairs(holders: readonly JsonObject[], item: FormItem): Generator<readonly [JsonObject, FormItem]> {
  const chain: FormItem[] = [];
  for (let here = item.parent; here; here = here.parent) chain.unshift(here);
  for (const [index, holder] of holders.entries()) {
    const definition = chain[index];
    if (definition) yield [holder, definition];
  }
}

function bind(
  list: readonly Variable[],
  variables: Record<string, unknown>,
  focus: Focus,
  table: UserInvocationTable,
): void {
  for (const { name, expression } of list) variables[name] = evaluate(expression, focus, variables, table);
}

function evaluate(
  expression: string,
  { focus, base }: Focus,
  variables: Record<string, unknown>,
  table: UserInvocationTable,
): readonly unknown[] {
  return fhirpath.evaluate(focus, base === undefined ? expression : { base, expression }, variables, MODEL, {
    async: false,
    traceFn: () => undefined,
    userInvocationTable: table,
  });
}

interface EngineNode {
  readonly data?: unknown;
  readonly parentResNode?: EngineNode | null;
}

/** `ordinal()` and `weight()` of answers: the score of the option chosen, by the item the answer belongs to. */
function scoreFunctions(form: Form): UserInvocationTable {
  const scores = (nodes: readonly EngineNode[]): readonly number[] =>
    nodes.flatMap((node) => scoreOf(itemOf(node, form), node.data) ?? []);
  const table: UserInvocationTable = {};
  for (const name of ['ordinal', 'weight']) {
    table[name] = { fn: scores, arity: { 0: [] }, nullable: false, internalStructures: true };
  }
  return table;
}

function itemOf(node: EngineNode, form: Form): FormItem | undefined {
  for (let here: EngineNode | null | undefined = node; here; here = here.parentResNode) {
    const linkId = isObject(here.data) ? textOf(here.data['linkId']) : undefined;
    if (linkId !== undefined) return form.byLinkId.get(linkId);
  }
  return undefined;
}
