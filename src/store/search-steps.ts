/**
 * The types that a chain goes through, forwards (`subject.organization.name`) and in reverse (`_has:Task:focus:status`):
 * what a search is compiled by is also what it needs permission for.
 * @see https://hl7.org/fhir/R4/search.html#chaining
 */
import type { IndexedParameter } from './index-plan.ts';
import { GENERAL_CODES } from './search-parameter.ts';
import type { SearchScope } from './search-scope.ts';

type Parts = Pick<SearchScope, 'definitions' | 'planOf'>;

/** Steps of a chain at most: each is a join. */
export const DEEPEST = 8;

/** The first step of a chain and what stands behind it. */
type Step =
  | { readonly kind: 'reverse'; readonly source: string; readonly code: string; readonly rest: string }
  | { readonly kind: 'forward'; readonly code: string; readonly only?: string; readonly rest: string };

/** The first step of a name; undefined when it is no chain, or none any more. */
function firstStep(name: string): Step | undefined {
  if (name.startsWith('_has:')) {
    const [, source = '', code = '', ...more] = name.split(':');
    return { kind: 'reverse', source, code, rest: more.join(':') };
  }
  const dot = name.indexOf('.');
  if (dot < 0) return undefined;
  const [code = '', only] = name.slice(0, dot).split(':');
  return { kind: 'forward', code, ...(only !== undefined && { only }), rest: name.slice(dot + 1) };
}

/** Types that a reference parameter may lead to. */
export const possibleTargets = ({ only, definition }: IndexedParameter): readonly string[] =>
  only === undefined ? definition.targets : [only];

/** Types that a chain goes on through when its step names none: those from which it leads to its end. */
export function chainTargets(parts: Parts, parameter: IndexedParameter, rest: string): readonly string[] {
  const isKnown = createJudge(parts);
  return possibleTargets(parameter).filter((type) => isKnown(type, rest));
}

/**
 * Whether the name of a parameter, each step of its chain too, means something. Its modifier is another matter, and
 * so is a chain that is longer than a search takes.
 */
export function isKnownParameter(parts: Parts, type: string, name: string): boolean {
  return createJudge(parts)(type, name);
}

function createJudge({
  definitions,
  planOf,
}: Parts): (type: string, name: string, depth?: number) => boolean {
  // A chain may branch at each step and come together again.
  const judged = new Map<string, boolean>();
  const judge = (type: string, name: string, depth: number): boolean => {
    if (!definitions.resourceTypes.has(type)) return false;
    if (depth > DEEPEST) return true;
    const { parameters } = planOf(type);
    const step = firstStep(name);
    if (!step) {
      const [code = ''] = name.split(':');
      return GENERAL_CODES.has(code) || parameters.has(code);
    }
    if (step.kind === 'reverse') {
      const isParameter =
        definitions.resourceTypes.has(step.source) && planOf(step.source).parameters.has(step.code);
      return isParameter && isKnown(step.source, step.rest, depth + 1);
    }
    const parameter = parameters.get(step.code);
    if (!parameter) return false;
    const targets = step.only === undefined ? possibleTargets(parameter) : [step.only];
    return targets.some((target) => isKnown(target, step.rest, depth + 1));
  };
  const isKnown = (type: string, name: string, depth = 0): boolean => {
    const key = `${type} ${name}`;
    const known = judged.get(key) ?? judge(type, name, depth);
    judged.set(key, known);
    return known;
  };
  return isKnown;
}

/**
 * Every type that a parameter of a type looks at on its way. Of a chain that leads nowhere, which a search refuses, each
 * type that it might have meant.
 */
export function typesReached(parts: Parts, type: string, name: string): ReadonlySet<string> {
  const reached = new Set<string>();
  let from: readonly string[] = [type];
  let step = firstStep(name);
  for (let depth = 0; step && depth < DEEPEST; depth++) {
    from = reachedBy(parts, from, step);
    for (const each of from) reached.add(each);
    step = firstStep(step.rest);
  }
  return reached;
}

function reachedBy(parts: Parts, from: readonly string[], step: Step): readonly string[] {
  const { resourceTypes } = parts.definitions;
  const named = step.kind === 'reverse' ? step.source : step.only;
  if (named !== undefined) return resourceTypes.has(named) ? [named] : [];
  const targets = from.flatMap((type) => {
    const parameter = parts.planOf(type).parameters.get(step.code);
    if (!parameter) return [];
    const continuing = chainTargets(parts, parameter, step.rest);
    return continuing.length > 0 ? continuing : possibleTargets(parameter);
  });
  return [...new Set(targets)].filter((type) => resourceTypes.has(type));
}
