/**
 * Whether codes are in a value set or a code system, and rightly named.
 * @see https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 * @see https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
import type { ValueSet } from 'fhir/r4';
import type { Coding } from '../resource.ts';
import { CannotTell, findMember } from './compose.ts';
import { displayIn, isNamed, namesOf, readLanguages } from './display.ts';
import { refuseUnknown } from './refusals.ts';
import type { CodeInSystem, CodeSystemView, Concept, Member, TerminologySource, Unknown } from './types.ts';

export interface CodeQuestion {
  /** The code, or the codings of a CodeableConcept, of which one must hold. */
  readonly codings: readonly Coding[];
  readonly displayLanguage?: string;
  /** False: a concept that only groups others does not do. */
  readonly abstract?: boolean;
}

export interface CodeVerdict {
  readonly result: boolean;
  readonly message?: string;
  /** What the code is called, in the language that is asked for. */
  readonly display?: string;
  /** What is wrong, when the result is false. */
  readonly fault?: 'code' | 'display';
}

/** @throws SiltaError `unsupported-content`, `too-costly` when it cannot be told for any of the codings */
export function validateInValueSet(
  valueSet: ValueSet,
  question: CodeQuestion,
  source: TerminologySource,
): CodeVerdict {
  const name = valueSet.url ?? 'this value set';
  return judgeCodings(question, (coding) => {
    const member = findMember(valueSet, coding, source);
    return member ?? `${nameOf(coding)} is not in ${name}.`;
  });
}

/** @throws SiltaError `unsupported-content` where only a part of the code system is known */
export function validateInCodeSystem(view: CodeSystemView, question: CodeQuestion): CodeVerdict {
  return judgeCodings(question, ({ code, system, version }) => {
    if (system !== undefined && system !== view.url)
      return `The coding is of another system than ${view.url}.`;
    if (version !== undefined && view.version !== undefined && version !== view.version) {
      return `The version of ${view.url} known here is ${view.version}.`;
    }
    const concept = view.find(code);
    if (concept) return { system: view.url, concept, view };
    if (view.complete) return `${nameOf({ code, system: view.url })} is not in ${view.url}.`;
    throw new CannotTell({ code: 'not-found', reason: `only a part of ${view.url} is known here` });
  });
}

/** A code is what the caller sent: it is repeated only when it looks like one. */
function nameOf({ code, system }: CodeInSystem): string {
  const shown = /^[\w.:/+%[\]{}-]{1,40}$/.test(code) ? `The code '${code}'` : 'The code';
  return system === undefined ? shown : `${shown} of ${system}`;
}

function judgeCodings(question: CodeQuestion, find: (coding: CodeInSystem) => Member | string): CodeVerdict {
  const refused: CodeVerdict[] = [];
  let unknown: Unknown | undefined;
  for (const coding of question.codings) {
    if (coding.code === undefined) continue;
    try {
      const found = find(coding as CodeInSystem);
      const verdict =
        typeof found === 'string' ? refuse('code', found) : judgeMember(found, coding, question);
      if (verdict.result) return verdict;
      refused.push(verdict);
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      unknown ??= error.why;
    }
  }
  if (unknown) throw refuseUnknown('The code cannot be checked', unknown);
  if (refused.length === 0) return refuse('code', 'There is no code to check.');
  const worst = refused.find(({ fault }) => fault === 'display') ?? refused[0];
  return { ...worst, result: false, message: refused.map(({ message }) => message).join(' ') };
}

const refuse = (fault: 'code' | 'display', message: string): CodeVerdict => ({
  result: false,
  fault,
  message,
});

function judgeMember(member: Member, coding: Coding, question: CodeQuestion): CodeVerdict {
  const { concept, view } = member;
  const languages = readLanguages(question.displayLanguage);
  const display = displayIn(concept, view?.language, languages);
  const shown = display === undefined ? {} : { display };
  if (concept.abstract && question.abstract === false) {
    return { ...refuse('code', `${nameOf({ code: concept.code })} only groups others.`), ...shown };
  }
  if (coding.display === undefined || isRightName(concept, view, coding.display, languages)) {
    return { result: true, ...shown };
  }
  const right = display === undefined ? '' : ` It is called '${display}'.`;
  return {
    ...refuse(
      'display',
      `The display is not a name of ${nameOf(coding as CodeInSystem).replace('The', 'the')}.${right}`,
    ),
    ...shown,
  };
}

/** The system's own names are right too where the value set has another. Where no name is known, none is wrong. */
function isRightName(
  concept: Concept,
  view: CodeSystemView | undefined,
  name: string,
  languages: readonly string[],
): boolean {
  const own = view?.find(concept.code);
  const names = [concept, ...(own ? [own] : [])].flatMap((each) => namesOf(each, view?.language, languages));
  if (names.length === 0 || isNamed(names, name)) return true;
  return view?.looseNames === true && !isNameOfAnother(view, concept, name);
}

function isNameOfAnother(view: CodeSystemView, concept: Concept, name: string): boolean {
  return (view.concepts ?? []).some(
    (other) => other.code !== concept.code && isNamed(namesOf(other, view.language, []), name),
  );
}
