/**
 * Expands a value set.
 * @see https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
import type { ValueSet, ValueSetExpansion, ValueSetExpansionContains } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import { keyOf, listMembers } from './compose.ts';
import { designationsOf, displayIn, readLanguages } from './display.ts';
import { throwUnknown } from './refusals.ts';
import type { Concept, Member, TerminologySource } from './types.ts';

export interface ExpandOptions {
  /** Words; each must begin a word of a member's names or its code. */
  readonly filter?: string;
  readonly offset?: number;
  readonly count?: number;
  readonly includeDesignations?: boolean;
  /** Languages, or uses as `system|code`. */
  readonly designations?: readonly string[];
  readonly includeDefinition?: boolean;
  readonly activeOnly?: boolean;
  readonly excludeNested?: boolean;
  readonly excludeNotForUI?: boolean;
  readonly excludeSystems?: readonly string[];
  /** A language tag or an Accept-Language list. */
  readonly displayLanguage?: string;
  /** What of the request is repeated in the expansion, as FHIR JSON. */
  readonly echoed?: NonNullable<ValueSetExpansion['parameter']>;
  readonly identifier: string;
  /** ISO instant. */
  readonly timestamp: string;
}

/** Members in one answer when the caller does not page. */
const MOST_UNPAGED = 5_000;

/** @throws SiltaError `too-costly`, `unsupported-content` */
export function expandValueSet(
  valueSet: ValueSet,
  source: TerminologySource,
  options: ExpandOptions,
): ValueSet {
  const languages = readLanguages(options.displayLanguage);
  const all = throwUnknown('This value set cannot be expanded', () => listMembers(valueSet, source));
  const members = all.filter((each) => isWanted(each, options));
  const isPaged = options.count !== undefined || options.offset !== undefined;
  const offset = options.offset ?? 0;
  const page = members.slice(offset, options.count === undefined ? undefined : offset + options.count);
  if (page.length > MOST_UNPAGED) {
    const message = `This expansion has ${page.length} members: ask for pages by 'count' and 'offset'.`;
    throw new SiltaError('too-costly', message);
  }
  const isNested = !isPaged && options.excludeNested !== true && options.filter === undefined;
  const render = (member: Member) => renderMember(member, languages, options);
  const contains = isNested ? nest(page, render) : page.map(render);
  const { compose, expansion: _, ...head } = valueSet;
  const parameter = [...(options.echoed ?? []), ...usedVersions(page)];
  return {
    ...head,
    resourceType: 'ValueSet',
    status: valueSet.status,
    ...(options.includeDefinition === true && compose && { compose }),
    expansion: {
      identifier: options.identifier,
      timestamp: options.timestamp,
      total: members.length,
      ...(isPaged && { offset }),
      ...(parameter.length > 0 && { parameter }),
      ...(contains.length > 0 && { contains }),
    },
  };
}

function isWanted({ system, concept, view }: Member, options: ExpandOptions): boolean {
  if (options.activeOnly === true && concept.inactive) return false;
  if (options.excludeNotForUI === true && concept.abstract) return false;
  const excludes = options.excludeSystems ?? [];
  if (excludes.some((each) => each === system || each === `${system}|${view?.version ?? ''}`)) return false;
  return options.filter === undefined || isFound(concept, options.filter);
}

/** Every word that is looked for begins a word of the code or of a name, in any of its languages. */
function isFound(concept: Concept, filter: string): boolean {
  const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const names = [concept.code, concept.display ?? '', ...concept.designations.map(({ value }) => value)];
  const words = names.flatMap((name) => [plain(name), ...plain(name).split(/[^\p{L}\p{N}]+/u)]);
  return plain(filter)
    .split(/\s+/)
    .filter((word) => word !== '')
    .every((wanted) => words.some((word) => word.startsWith(wanted)));
}

function renderMember(
  { system, version, concept, view }: Member,
  languages: readonly string[],
  options: ExpandOptions,
): ValueSetExpansionContains {
  const display = displayIn(concept, view?.language, languages);
  const designation = designationsOf(concept.designations, {
    include: options.includeDesignations === true || (options.designations?.length ?? 0) > 0,
    only: options.designations ?? [],
  });
  return {
    ...(system !== '' && { system }),
    ...(version !== undefined && { version }),
    code: concept.code,
    ...(concept.abstract && { abstract: true }),
    ...(concept.inactive && { inactive: true }),
    ...(display !== undefined && { display }),
    ...(designation.length > 0 && { designation: designation.map((each) => ({ ...each })) }),
  };
}

/** Puts each member below the first of its parents that is a member too. */
function nest(
  members: readonly Member[],
  render: (member: Member) => ValueSetExpansionContains,
): ValueSetExpansionContains[] {
  const rendered = new Map(members.map((each) => [keyOf(each), render(each)]));
  const tops: ValueSetExpansionContains[] = [];
  for (const member of members) {
    const own = rendered.get(keyOf(member)) as ValueSetExpansionContains;
    const parent = member.concept.parents
      .map(({ code }) => rendered.get(`${member.system}|${code}`))
      .find((each) => each !== undefined && !isBelow(each, own));
    if (parent) parent.contains = [...(parent.contains ?? []), own];
    else tops.push(own);
  }
  return tops;
}

/** Hierarchies of others may hold circles; the members of one must not vanish. */
function isBelow(entry: ValueSetExpansionContains, top: ValueSetExpansionContains): boolean {
  return entry === top || (top.contains ?? []).some((each) => isBelow(entry, each));
}

function usedVersions(members: readonly Member[]): NonNullable<ValueSetExpansion['parameter']> {
  const used = new Set(
    members.flatMap(({ system, view }) => (view?.version === undefined ? [] : [`${system}|${view.version}`])),
  );
  return [...used].map((valueUri) => ({ name: 'version', valueUri }));
}
