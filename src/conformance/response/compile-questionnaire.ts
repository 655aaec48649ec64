/**
 * Compiles a Questionnaire once into what judging a response needs.
 *
 * @see https://hl7.org/fhir/R4/questionnaire.html
 */
import type { Definitions } from '../../definitions/index.ts';
import type { Resource } from '../../resource.ts';
import type { CodeJudge } from '../code-judge.ts';
import { checkLimits } from './answer-limits.ts';
import {
  checkExclusiveOptions,
  checkOptions,
  checkValueSet,
  optionTypes,
  type ValueSetLookup,
} from './answer-options.ts';
import { checkReference } from './answer-reference.ts';
import { checkUnits } from './answer-units.ts';
import { objectsOf, readChoice, textOf } from './answer-value.ts';
import type { AnswerCheck, AnswersCheck, CompiledItem, CompiledQuestionnaire } from './compiled-item.ts';
import { readConstraints } from './constraints.ts';
import { readCondition } from './enable-when.ts';
import { EXTENSION, extensionOf, numberOf } from './extension.ts';
import { lookupValueSets } from './local-value-set.ts';
import { checkReadOnly } from './read-only.ts';
import { usabilityWarnings } from './usability.ts';

/** Answer types by item type. @see https://hl7.org/fhir/R4/valueset-item-type.html */
const ANSWER_TYPES: Readonly<Record<string, readonly string[]>> = {
  boolean: ['boolean'],
  decimal: ['decimal'],
  integer: ['integer'],
  date: ['date'],
  dateTime: ['dateTime'],
  time: ['time'],
  string: ['string'],
  text: ['string'],
  url: ['uri'],
  choice: ['Coding', 'date', 'time', 'integer', 'string', 'Reference'],
  'open-choice': ['Coding', 'date', 'time', 'integer', 'string', 'Reference'],
  attachment: ['Attachment'],
  reference: ['Reference'],
  quantity: ['Quantity'],
};

interface Compilation {
  readonly definitions: Pick<Definitions, 'resourceTypes'>;
  readonly lookup: ValueSetLookup;
  readonly codes: CodeJudge | undefined;
  readonly byLinkId: Map<string, CompiledItem>;
  readonly questionnaire: Resource;
}

/** Compiles a Questionnaire; the same object may be kept and used for any number of responses. */
export function compileQuestionnaire(
  questionnaire: Resource,
  definitions: Pick<Definitions, 'resourceTypes' | 'valueSet'>,
  codes?: CodeJudge,
): CompiledQuestionnaire {
  const compilation: Compilation = {
    definitions,
    lookup: lookupValueSets(questionnaire, (url) => definitions.valueSet(url)),
    codes,
    byLinkId: new Map(),
    questionnaire,
  };
  const items = objectsOf(questionnaire['item']).map((item, order) =>
    compileItem(item, order, undefined, compilation),
  );
  return {
    url: textOf(questionnaire['url']),
    version: textOf(questionnaire['version']),
    items,
    byLinkId: compilation.byLinkId,
    constraints: readConstraints(questionnaire, questionnaire),
    warnings: usabilityWarnings(questionnaire),
  };
}

function compileItem(
  item: Record<string, unknown>,
  order: number,
  parent: CompiledItem | undefined,
  compilation: Compilation,
): CompiledItem {
  const type = textOf(item['type']) ?? '';
  const repeats = item['repeats'] === true;
  const required = item['required'] === true;
  const children: CompiledItem[] = [];
  const compiled: CompiledItem = {
    linkId: textOf(item['linkId']) ?? '',
    type,
    text: textOf(item['text']),
    required,
    repeats,
    minOccurs: numberOf(item, EXTENSION.minOccurs) ?? 0,
    maxOccurs: numberOf(item, EXTENSION.maxOccurs) ?? Number.POSITIVE_INFINITY,
    parent,
    depth: parent ? parent.depth + 1 : 0,
    order,
    children,
    condition: readCondition(item),
    answerTypes: answerTypesOf(item, type),
    answerChecks: answerChecksOf(item, compilation),
    answersChecks: answersChecksOf(item),
    constraints: readConstraints(item, compilation.questionnaire),
  };
  compilation.byLinkId.set(compiled.linkId, compiled);
  for (const [index, child] of objectsOf(item['item']).entries()) {
    children.push(compileItem(child, index, compiled, compilation));
  }
  return compiled;
}

/** A choice takes the types of its options; one without options takes any type that an option could have. */
function answerTypesOf(item: Record<string, unknown>, type: string): readonly string[] {
  const types = ANSWER_TYPES[type] ?? [];
  if (type !== 'choice' && type !== 'open-choice') return types;
  const offered = item['answerValueSet'] === undefined ? optionTypes(item) : ['Coding'];
  if (offered.length === 0) return types;
  return type === 'open-choice' ? [...new Set([...offered, 'string'])] : offered;
}

function answerChecksOf(item: Record<string, unknown>, compilation: Compilation): readonly AnswerCheck[] {
  return [
    checkOptions(item),
    checkValueSet(item, compilation.lookup, compilation.codes),
    ...checkLimits(item),
    checkUnits(item, compilation.lookup, compilation.codes),
    checkReference(item, compilation.definitions.resourceTypes),
  ].filter((check) => check !== undefined);
}

function answersChecksOf(item: Record<string, unknown>): readonly AnswersCheck[] {
  const computed =
    extensionOf(item, EXTENSION.calculated) !== undefined ||
    extensionOf(item, EXTENSION.initialExpression) !== undefined;
  const initial = objectsOf(item['initial']).flatMap((each) => readChoice(each, 'value') ?? []);
  return [checkExclusiveOptions(item), computed ? undefined : checkReadOnly(item, initial)].filter(
    (check) => check !== undefined,
  );
}
