/**
 * What a value set holds: whether one code is in it, and all of its members.
 * @see https://hl7.org/fhir/R4/valueset.html#compositions
 */
import type { ValueSet, ValueSetComposeInclude, ValueSetExpansionContains } from 'fhir/r4';
import { readDesignation } from './code-system.ts';
import { compileFilter, type Test } from './filters.ts';
import type { CodeInSystem, CodeSystemView, Concept, Member, TerminologySource, Unknown } from './types.ts';

/** Members of one value set, counted before exclusions; beyond it a listing is too costly. */
export const MOST_MEMBERS = 20_000;
/** Value sets that one may draw on through others. */
const DEEPEST = 20;

/** Why a listing or an answer cannot be given; caught in this room, where it becomes an answer or an error. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';
  readonly why: Unknown;

  constructor(why: Unknown) {
    super(why.reason);
    this.why = why;
  }
}

const tell = (code: Unknown['code'], reason: string): never => {
  throw new CannotTell({ code, reason });
};

/**
 * Finds a code in a value set.
 * @returns the member, undefined when the code is not one
 * @throws CannotTell when the answer depends on what is not known here
 */
export function findMember(
  valueSet: ValueSet,
  code: CodeInSystem,
  source: TerminologySource,
  open: readonly string[] = [],
): Member | undefined {
  const within = enter(valueSet, open);
  if (!valueSet.compose) return findInExpansion(valueSet, code, source);
  const found = firstKnown(valueSet.compose.include, (part) => findInPart(part, code, source, within));
  if (!found) return undefined;
  const exact = { code: found.concept.code, system: found.system };
  const excluded = firstKnown(valueSet.compose.exclude ?? [], (part) =>
    findInPart(part, exact, source, within),
  );
  if (excluded || (valueSet.compose.inactive === false && found.concept.inactive)) return undefined;
  return found;
}

/** The first part's answer that is one; what another part cannot tell matters only when none has one. */
function firstKnown(
  parts: readonly ValueSetComposeInclude[],
  find: (part: ValueSetComposeInclude) => Member | undefined,
): Member | undefined {
  let unknown: unknown;
  for (const part of parts) {
    try {
      const found = find(part);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      unknown ??= error;
    }
  }
  if (unknown) throw unknown;
  return undefined;
}

function findInPart(
  part: ValueSetComposeInclude,
  code: CodeInSystem,
  source: TerminologySource,
  open: readonly string[],
): Member | undefined {
  let found: Member | undefined;
  if (part.system !== undefined) {
    if (code.system !== undefined && code.system !== part.system) return undefined;
    if (code.version !== undefined && part.version !== undefined && code.version !== part.version) {
      return undefined;
    }
    found = findInSystem(part, part.system, code, source);
    if (!found) return undefined;
  }
  for (const canonical of part.valueSet ?? []) {
    const exact = found ? { code: found.concept.code, system: found.system } : code;
    const other = findMember(requireValueSet(canonical, source), exact, source, open);
    if (!other) return undefined;
    found ??= other;
  }
  return found;
}

function findInSystem(
  part: ValueSetComposeInclude,
  system: string,
  { code, version }: CodeInSystem,
  source: TerminologySource,
): Member | undefined {
  const view = source.codeSystem(system, part.version ?? version);
  if (part.concept) {
    const known = view?.find(code);
    const stated = part.concept.find((each) => each.code === code || each.code === known?.code);
    return stated && toMember(system, part.version, stateConcept(stated, known), view);
  }
  if (!view) return tell('not-found', `the content of ${system} is not known here`);
  const concept = view.find(code);
  if (!concept)
    return view.complete ? undefined : tell('not-found', `only a part of ${system} is known here`);
  return testsOf(part, view).every((test) => test(concept))
    ? toMember(system, part.version, concept, view)
    : undefined;
}

/** Every member once, in the order of the composition. @throws CannotTell */
export function listMembers(
  valueSet: ValueSet,
  source: TerminologySource,
  open: readonly string[] = [],
): readonly Member[] {
  const within = enter(valueSet, open);
  if (!valueSet.compose) return listExpansion(valueSet, source);
  const members = new Map<string, Member>();
  for (const part of valueSet.compose.include) {
    for (const each of listPart(part, source, within)) {
      const key = keyOf(each);
      if (!members.has(key)) members.set(key, each);
      if (members.size > MOST_MEMBERS) tell('too-costly', `it has more than ${MOST_MEMBERS} members`);
    }
  }
  for (const part of valueSet.compose.exclude ?? []) {
    for (const [key, each] of members) {
      const exact = { code: each.concept.code, system: each.system };
      if (findInPart(part, exact, source, within)) members.delete(key);
    }
  }
  const all = [...members.values()];
  return valueSet.compose.inactive === false ? all.filter(({ concept }) => !concept.inactive) : all;
}

function listPart(
  part: ValueSetComposeInclude,
  source: TerminologySource,
  open: readonly string[],
): readonly Member[] {
  const [first, ...others] = part.valueSet ?? [];
  const listed = part.system === undefined ? undefined : listSystem(part, part.system, source);
  if (first === undefined) return listed ?? [];
  const imported = (listed ? [first, ...others] : others).map((each) => requireValueSet(each, source));
  const members = listed ?? listMembers(requireValueSet(first, source), source, open);
  return members.filter(({ system, concept }) =>
    imported.every((each) => findMember(each, { code: concept.code, system }, source, open)),
  );
}

function listSystem(
  part: ValueSetComposeInclude,
  system: string,
  source: TerminologySource,
): readonly Member[] {
  const view = source.codeSystem(system, part.version);
  if (part.concept) {
    return part.concept.map((each) =>
      toMember(system, part.version, stateConcept(each, view?.find(each.code)), view),
    );
  }
  if (!view) return tell('not-found', `the content of ${system} is not known here`);
  if (!view.concepts) return tell('too-costly', `${system} is a grammar and cannot be listed`);
  if (view.concepts.length > MOST_MEMBERS) return tell('too-costly', `${system} has too many codes to list`);
  const tests = testsOf(part, view);
  return view.concepts
    .filter((concept) => tests.every((test) => test(concept)))
    .map((concept) => toMember(system, part.version, concept, view));
}

/** Compiled once for all codes that a part is asked for: a part belongs to one value set, and that to one reading. */
const compiled = new WeakMap<
  ValueSetComposeInclude,
  { readonly view: CodeSystemView; readonly tests: readonly Test[] | Unknown }
>();

function testsOf(part: ValueSetComposeInclude, view: CodeSystemView): readonly Test[] {
  const known = compiled.get(part);
  const tests = known?.view === view ? known.tests : compileFilters(part, view);
  // What cannot be compiled is kept too: it was costly to find out.
  if (known?.view !== view) compiled.set(part, { view, tests });
  if ('reason' in tests) throw new CannotTell(tests);
  return tests;
}

function compileFilters(part: ValueSetComposeInclude, view: CodeSystemView): readonly Test[] | Unknown {
  const tests: Test[] = [];
  for (const filter of part.filter ?? []) {
    const test = compileFilter(filter, view);
    if (typeof test !== 'function') return test;
    tests.push(test);
  }
  return tests;
}

function requireValueSet(canonical: string, source: TerminologySource): ValueSet {
  return source.valueSet(canonical) ?? tell('not-found', `the value set ${canonical} is not known here`);
}

/** @throws CannotTell when a value set draws on itself */
function enter(valueSet: ValueSet, open: readonly string[]): readonly string[] {
  if (valueSet.url === undefined) return open;
  const name = `${valueSet.url}|${valueSet.version ?? ''}`;
  if (open.includes(name)) tell('not-supported', `the value set ${valueSet.url} draws on itself`);
  if (open.length >= DEEPEST) tell('too-costly', 'value sets draw on each other too deeply');
  return [...open, name];
}

export const keyOf = ({ system, concept }: Member): string => `${system}|${concept.code}`;

function toMember(
  system: string,
  stated: string | undefined,
  concept: Concept,
  view: CodeSystemView | undefined,
): Member {
  const version = stated ?? view?.version;
  return { system, ...(version !== undefined && { version }), concept, ...(view && { view }) };
}

/** A concept as the value set states it: its own display and designations come before the system's. */
function stateConcept(
  stated: NonNullable<ValueSetComposeInclude['concept']>[number],
  known: Concept | undefined,
): Concept {
  const display = stated.display ?? known?.display;
  const own = (stated.designation ?? []).map(readDesignation);
  return {
    properties: [],
    parents: [],
    children: [],
    abstract: false,
    inactive: false,
    ...known,
    code: known?.code ?? stated.code,
    ...(display !== undefined && { display }),
    designations: [...own, ...(known?.designations ?? [])],
  };
}

/** A value set that is published as an expansion only. */
function listExpansion(valueSet: ValueSet, source: TerminologySource): readonly Member[] {
  const members: Member[] = [];
  const walk = (contains: readonly ValueSetExpansionContains[]): void => {
    for (const each of contains) {
      if (each.code !== undefined) members.push(readContained(each, source));
      walk(each.contains ?? []);
    }
  };
  if (!valueSet.expansion) {
    return tell('not-supported', `the value set ${valueSet.url ?? ''} does not say what it holds`);
  }
  walk(valueSet.expansion.contains ?? []);
  return members;
}

function readContained(each: ValueSetExpansionContains, source: TerminologySource): Member {
  const system = each.system ?? '';
  const view = source.codeSystem(system, each.version);
  const stated = {
    code: each.code ?? '',
    ...(each.display !== undefined && { display: each.display }),
    designation: each.designation ?? [],
  };
  const concept = stateConcept(stated, view?.find(each.code ?? ''));
  const flags = { abstract: each.abstract === true, inactive: each.inactive ?? concept.inactive };
  return toMember(system, each.version, { ...concept, ...flags }, view);
}

function findInExpansion(
  valueSet: ValueSet,
  { code, system }: CodeInSystem,
  source: TerminologySource,
): Member | undefined {
  return listExpansion(valueSet, source).find(
    (each) => each.concept.code === code && (system === undefined || each.system === system),
  );
}
