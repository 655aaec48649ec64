/**
 * Answers that must come from a list: `answerOption` or `answerValueSet`.
 *
 * @see https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.answerOption
 */
import type { ValueSetCodes } from '../../definitions/index.ts';
import type { Coding } from '../../resource.ts';
import type { CodeJudge } from '../code-judge.ts';
import { finding } from '../finding.ts';
import { at, expressionOf } from '../place.ts';
import { say } from '../say.ts';
import { type AnswerValue, isObject, objectsOf, readChoice, textOf } from './answer-value.ts';
import { sameValue } from './compare.ts';
import type { AnswerCheck, AnswersCheck } from './compiled-item.ts';
import { EXTENSION, extensionOf } from './extension.ts';

export type ValueSetLookup = (url: string) => ValueSetCodes | undefined;

/** How many options a finding lists before it says how many more there are. */
const LISTED = 12;

/** The check that an answer is one of the options; undefined when the item lists none. */
export function checkOptions(item: Record<string, unknown>): AnswerCheck | undefined {
  const options = optionsOf(item);
  if (options.length === 0) return undefined;
  const open = item['type'] === 'open-choice';
  const linkId = textOf(item['linkId']) ?? '';
  const allowed = describe(options);
  return (given, answer, report) => {
    if (open && given.type === 'string') return;
    if (options.some((option) => sameValue(option, given))) return;
    report(
      finding(
        given.type === 'Coding' ? 'code-invalid' : 'invariant',
        'answer-option',
        at(answer, 'value'),
        say`The answer to '${linkId}' is not one of its options. Allowed: ${allowed}.`,
      ),
    );
  };
}

/** The check that an option marked exclusive stands alone. */
export function checkExclusiveOptions(item: Record<string, unknown>): AnswersCheck | undefined {
  const exclusive = objectsOf(item['answerOption']).flatMap((option) => {
    const value = readChoice(option, 'value');
    return value && extensionOf(option, EXTENSION.optionExclusive)?.['valueBoolean'] === true ? [value] : [];
  });
  if (exclusive.length === 0) return undefined;
  return (values, place, report) => {
    if (values.length < 2 || !values.some((value) => exclusive.some((option) => sameValue(option, value))))
      return;
    const linkId = textOf(item['linkId']) ?? '';
    const text = say`An exclusive option of '${linkId}' was chosen together with others; it must be the only answer.`;
    report(finding('invariant', 'answer-option', place, text));
  };
}

/**
 * The check that an answer is in the value set, and rightly named; an unknown value set is a warning. What is stored of it
 * may change while the Questionnaire does not, so the judge is asked anew for every answer.
 */
export function checkValueSet(
  item: Record<string, unknown>,
  lookup: ValueSetLookup,
  judge?: CodeJudge,
): AnswerCheck | undefined {
  const url = textOf(item['answerValueSet']);
  if (url === undefined) return undefined;
  const linkId = textOf(item['linkId']) ?? '';
  const open = item['type'] === 'open-choice';
  const codes = lookup(url);
  return (given, answer, report) => {
    if (open && given.type === 'string') return;
    const place = at(answer, 'value');
    const coding = codingOf(given);
    const verdict = coding && judge?.judge(url, coding);
    const isFound = codes ? isMember(codes, given) : verdict && verdict.fault !== 'code';
    if (isFound === undefined) {
      const text = say`The value set '${url}' of '${linkId}' is not known here, so the answer was not checked against it.`;
      report(finding('not-found', 'definition-unknown', place, text, 'warning'));
    } else if (!isFound) {
      const text = say`The answer to '${linkId}' is not in its value set '${url}'.`;
      report(finding(given.type === 'Coding' ? 'code-invalid' : 'invariant', 'answer-option', place, text));
    } else if (verdict?.fault === 'display') {
      const text = say`The display of the answer to '${linkId}' is not a name of its code. It is called '${verdict.display}'.`;
      const issue = finding('invalid', 'answer-display', at(place, 'display'), text);
      report({ ...issue, expression: [...(issue.expression ?? []), expressionOf(place)] });
    }
  };
}

function codingOf({ value }: AnswerValue): Coding | undefined {
  if (typeof value === 'string') return { code: value };
  if (!isObject(value)) return undefined;
  const named = ['system', 'version', 'code', 'display'].flatMap((name) => {
    const text = textOf(value[name]);
    return text === undefined ? [] : [[name, text]];
  });
  return Object.fromEntries(named) as Coding;
}

/** Types that the item's options have, e.g. `Coding`. */
export function optionTypes(item: Record<string, unknown>): readonly string[] {
  return [...new Set(optionsOf(item).map((option) => option.type))];
}

function optionsOf(item: Record<string, unknown>): readonly AnswerValue[] {
  return objectsOf(item['answerOption']).flatMap((option) => readChoice(option, 'value') ?? []);
}

function isMember(codes: ValueSetCodes, given: AnswerValue): boolean {
  if (isObject(given.value)) {
    const code = textOf(given.value['code']);
    return code !== undefined && codes.has(code, textOf(given.value['system']));
  }
  return typeof given.value === 'string' && codes.has(given.value);
}

function describe(options: readonly AnswerValue[]): string {
  const names = options.map((option) => {
    if (!isObject(option.value)) return String(option.value);
    return (
      textOf(option.value['code']) ??
      textOf(option.value['reference']) ??
      textOf(option.value['display']) ??
      '?'
    );
  });
  const more = names.length - LISTED;
  return names.slice(0, LISTED).join(', ') + (more > 0 ? ` (+ ${more})` : '');
}
