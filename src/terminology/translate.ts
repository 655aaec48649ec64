/**
 * Translates codes by ConceptMaps.
 * @see https://hl7.org/fhir/R4/conceptmap-operation-translate.html
 */
import type {
  CodeableConcept,
  ConceptMap,
  ConceptMapGroup,
  ConceptMapGroupElement,
  ConceptMapGroupElementTarget,
  ConceptMapGroupElementTargetDependsOn,
} from 'fhir/r4';
import type { Coding } from '../resource.ts';

type Equivalence = ConceptMapGroupElementTarget['equivalence'];

export interface TranslateQuestion {
  readonly codings: readonly Coding[];
  /** From the targets to the sources. */
  readonly reverse: boolean;
  readonly targetSystem?: string;
  /** Values of other elements that some mappings depend on. */
  readonly dependencies: readonly { readonly element: string; readonly concept: CodeableConcept }[];
}

export interface Match {
  readonly equivalence: Equivalence;
  readonly concept?: Coding;
  readonly product: readonly { readonly element: string; readonly concept: Coding }[];
  /** Canonical of the map that says so. */
  readonly source?: string;
  /** Another map that must be asked. */
  readonly otherMap?: string;
}

/** What the maps say of the codings. Whether there is a translation at all: {@link isTranslation}. */
export function translateCodings(maps: readonly ConceptMap[], question: TranslateQuestion): readonly Match[] {
  return maps.flatMap((map) => {
    const source = map.url === undefined ? {} : { source: nameMap(map) };
    return question.codings
      .flatMap((coding) =>
        (map.group ?? []).flatMap((group) =>
          (question.reverse ? reverseGroup(group, coding) : followGroup(group, coding))
            .filter(({ target }) => dependsHold(target?.dependsOn, question))
            .map(({ equivalence, concept, target, otherMap }) => ({
              equivalence,
              ...(concept && { concept }),
              product: (target?.product ?? []).map(readProduct),
              ...source,
              ...(otherMap !== undefined && { otherMap }),
            })),
        ),
      )
      .filter(
        ({ concept }) => question.targetSystem === undefined || concept?.system === question.targetSystem,
      );
  });
}

/** A match that names a concept; `unmatched` and `disjoint` say that there is none. */
export function isTranslation({ equivalence, concept }: Match): boolean {
  return concept !== undefined && equivalence !== 'unmatched' && equivalence !== 'disjoint';
}

const nameMap = ({ url, version }: ConceptMap): string => (version ? `${url}|${version}` : String(url));

interface Found {
  readonly equivalence: Equivalence;
  readonly concept?: Coding;
  readonly target?: ConceptMapGroupElementTarget;
  readonly otherMap?: string;
}

function isOf(coding: Coding, system: string | undefined, version: string | undefined): boolean {
  if (coding.system !== undefined && coding.system !== system) return false;
  return coding.version === undefined || version === undefined || coding.version === version;
}

function followGroup(group: ConceptMapGroup, coding: Coding): readonly Found[] {
  if (!isOf(coding, group.source, group.sourceVersion)) return [];
  const element = group.element.find(({ code }) => code !== undefined && code === coding.code);
  if (!element) return followUnmapped(group, coding);
  return (element.target ?? []).map((target) => {
    const { code, display } = target;
    const concept =
      code === undefined ? {} : { concept: codingOf(group.target, group.targetVersion, code, display) };
    return { equivalence: target.equivalence, target, ...concept };
  });
}

/** @see https://hl7.org/fhir/R4/conceptmap-definitions.html#ConceptMap.group.unmapped */
function followUnmapped(group: ConceptMapGroup, coding: Coding): readonly Found[] {
  const { unmapped } = group;
  if (!unmapped || coding.code === undefined) return [];
  if (unmapped.mode === 'other-map') {
    return unmapped.url === undefined ? [] : [{ equivalence: 'unmatched', otherMap: unmapped.url }];
  }
  const code = unmapped.mode === 'provided' ? coding.code : unmapped.code;
  if (code === undefined) return [];
  const display = unmapped.mode === 'provided' ? coding.display : unmapped.display;
  const equivalence = unmapped.mode === 'provided' ? 'equal' : 'inexact';
  return [{ equivalence, concept: codingOf(group.target, group.targetVersion, code, display) }];
}

/** Read from the other end, wider is narrower. */
const REVERSED: Partial<Record<Equivalence, Equivalence>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
};

function reverseGroup(group: ConceptMapGroup, coding: Coding): readonly Found[] {
  if (!isOf(coding, group.target, group.targetVersion)) return [];
  return group.element.flatMap((element: ConceptMapGroupElement) =>
    (element.target ?? [])
      .filter(({ code }) => code !== undefined && code === coding.code)
      .map((target) => ({
        equivalence: REVERSED[target.equivalence] ?? target.equivalence,
        target,
        ...(element.code !== undefined && {
          concept: codingOf(group.source, group.sourceVersion, element.code, element.display),
        }),
      })),
  );
}

function codingOf(
  system: string | undefined,
  version: string | undefined,
  code: string,
  display: string | undefined,
): Coding {
  return {
    ...(system !== undefined && { system }),
    ...(version !== undefined && { version }),
    code,
    ...(display !== undefined && { display }),
  };
}

/** A mapping that depends on other elements holds only when the caller gave them so. */
function dependsHold(
  dependsOn: readonly ConceptMapGroupElementTargetDependsOn[] | undefined,
  { dependencies }: TranslateQuestion,
): boolean {
  return (dependsOn ?? []).every(({ property, system, value }) =>
    dependencies.some(
      ({ element, concept }) =>
        element === property &&
        (concept.text === value ||
          (concept.coding ?? []).some(
            (each) => each.code === value && (system === undefined || each.system === system),
          )),
    ),
  );
}

function readProduct({ property, system, value, display }: ConceptMapGroupElementTargetDependsOn) {
  return { element: property, concept: codingOf(system, undefined, value, display) };
}
