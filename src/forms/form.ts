/**
 * A Questionnaire, read once for scoring and extraction.
 *
 * @see http://hl7.org/fhir/uv/sdc/STU3/behavior.html
 */
import type { Resource } from '../resource.ts';
import { extensionOf, isObject, type JsonObject, objectsOf, textOf } from './json.ts';

const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition';

const CALCULATED = `${SDC}/sdc-questionnaire-calculatedExpression`;
export const VARIABLE = 'http://hl7.org/fhir/StructureDefinition/variable';

/** Extensions that give an option its score. @see http://hl7.org/fhir/StructureDefinition/itemWeight */
const WEIGHTS = [
  'http://hl7.org/fhir/StructureDefinition/ordinalValue',
  'http://hl7.org/fhir/StructureDefinition/itemWeight',
];

export interface FormItem {
  readonly linkId: string;
  readonly type: string;
  readonly source: JsonObject;
  readonly parent: FormItem | undefined;
  readonly children: readonly FormItem[];
  readonly repeats: boolean;
  /** FHIRPath that computes the answer, on the server. */
  readonly calculated: string | undefined;
  readonly variables: readonly Variable[];
  /** Scores of its options by {@link optionKey}. */
  readonly weights: ReadonlyMap<string, number>;
  /** Whether the item or something in it is calculated. */
  readonly calculates: boolean;
}

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

export interface Form {
  readonly questionnaire: Resource;
  readonly items: readonly FormItem[];
  readonly byLinkId: ReadonlyMap<string, FormItem>;
  readonly variables: readonly Variable[];
  readonly calculates: boolean;
}

const forms = new WeakMap<Resource, Form>();

/** Reads a Questionnaire; the result is kept as long as the object. */
export function readForm(questionnaire: Resource): Form {
  const known = forms.get(questionnaire);
  if (known) return known;
  const byLinkId = new Map<string, FormItem>();
  const items = objectsOf(questionnaire['item']).map((item) => readItem(item, undefined, byLinkId));
  const form: Form = {
    questionnaire,
    items,
    byLinkId,
    variables: readVariables(questionnaire),
    calculates: items.some((item) => item.calculates),
  };
  forms.set(questionnaire, form);
  return form;
}

function readItem(
  source: JsonObject,
  parent: FormItem | undefined,
  byLinkId: Map<string, FormItem>,
): FormItem {
  const children: FormItem[] = [];
  const calculated = expressionOf(extensionOf(source, CALCULATED));
  const item = {
    linkId: textOf(source['linkId']) ?? '',
    type: textOf(source['type']) ?? '',
    source,
    parent,
    children,
    repeats: source['repeats'] === true,
    calculated,
    variables: readVariables(source),
    weights: readWeights(source),
    calculates: calculated !== undefined,
  };
  byLinkId.set(item.linkId, item);
  for (const child of objectsOf(source['item'])) children.push(readItem(child, item, byLinkId));
  item.calculates ||= children.some((child) => child.calculates);
  return item;
}

function readVariables(holder: JsonObject): readonly Variable[] {
  return objectsOf(holder['extension']).flatMap((extension) => {
    const expression = expressionOf(extension);
    const value = extension['valueExpression'];
    const name = isObject(value) ? textOf(value['name']) : undefined;
    return extension['url'] === VARIABLE && expression !== undefined && name ? [{ name, expression }] : [];
  });
}

/** FHIRPath of an extension's `valueExpression`; other languages are not run here. */
function expressionOf(extension: JsonObject | undefined): string | undefined {
  const value = extension?.['valueExpression'];
  if (!isObject(value) || value['language'] !== 'text/fhirpath') return undefined;
  return textOf(value['expression']);
}

function readWeights(source: JsonObject): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const option of objectsOf(source['answerOption'])) {
    const coding = option['valueCoding'];
    if (!isObject(coding)) continue;
    const weight = weightOf(option) ?? weightOf(coding);
    if (weight !== undefined) weights.set(optionKey(coding), weight);
  }
  return weights;
}

/** The score that an option or a Coding carries itself. */
function weightOf(holder: JsonObject): number | undefined {
  for (const url of WEIGHTS) {
    const value = extensionOf(holder, url)?.['valueDecimal'];
    if (typeof value === 'number') return value;
  }
  return undefined;
}

/** What makes two Codings the same option. */
export function optionKey(coding: JsonObject): string {
  return `${textOf(coding['system']) ?? ''}|${textOf(coding['code']) ?? ''}`;
}

/** The score of an answer to an item: the option's. What a client says of its score itself does not count. */
export function scoreOf(item: FormItem | undefined, coding: unknown): number | undefined {
  return item && isObject(coding) ? item.weights.get(optionKey(coding)) : undefined;
}
