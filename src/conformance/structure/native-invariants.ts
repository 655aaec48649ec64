/**
 * Invariants of R4 that are asked of most resources, as plain code: the same rules as their FHIRPath, without its cost.
 *
 * @see https://hl7.org/fhir/R4/domainresource.html#invs
 */
import type { JsonObject } from '../json.ts';
import { isObject, listOf } from '../json.ts';
import { containedById } from './contained-by-id.ts';
import type { Run } from './run.ts';

/** Whether the invariant holds; undefined leaves the decision to its FHIRPath. */
export type NativeInvariant = (object: JsonObject, run: Run) => boolean | undefined;

const has = (object: JsonObject, name: string): boolean =>
  object[name] !== undefined || object[`_${name}`] !== undefined;

/** Compares times of one precision and zone as text; anything else is left to FHIRPath. */
function isInOrder(first: unknown, second: unknown): boolean | undefined {
  if (typeof first !== 'string' || typeof second !== 'string' || first.length !== second.length)
    return undefined;
  const asText = !first.includes('T') || (first.endsWith('Z') && second.endsWith('Z'));
  return asText ? first <= second : undefined;
}

/** By the invariant's FHIRPath, so that a rule with the same key and another text is not mistaken for it. */
const NATIVE: Readonly<Record<string, NativeInvariant>> = {
  "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))":
    refersToContained,
  'start.hasValue().not() or end.hasValue().not() or (start <= end)': (period) => {
    if (period['start'] === undefined || period['end'] === undefined) return true;
    return isInOrder(period['start'], period['end']);
  },
  'lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn': (task) => {
    const { lastModified, authoredOn } = task;
    if (!has(task, 'lastModified') || !has(task, 'authoredOn')) return true;
    return isInOrder(authoredOn, lastModified);
  },
  // The published text says "> 2", against its own words; R5 corrects it.
  'enableWhen.count() > 2 implies enableBehavior.exists()': (item) =>
    listOf(item['enableWhen']).length < 2 || has(item, 'enableBehavior'),
  'descendants().linkId.isDistinct()': (questionnaire) => linkIdsDiffer(questionnaire, new Set()),
  "operator = 'exists' implies (answer is Boolean)": (condition) =>
    condition['operator'] !== 'exists' || has(condition, 'answerBoolean'),
};

/** The plain form of an invariant's FHIRPath, when there is one. */
export function nativeInvariant(expression: string): NativeInvariant | undefined {
  return Object.hasOwn(NATIVE, expression) ? NATIVE[expression] : undefined;
}

/** Whether no link id is met twice, anywhere in a value. */
function linkIdsDiffer(value: unknown, seen: Set<unknown>): boolean {
  if (Array.isArray(value)) return value.every((each) => linkIdsDiffer(each, seen));
  if (!isObject(value)) return true;
  const { linkId } = value;
  if (linkId !== undefined && seen.has(linkId)) return false;
  if (linkId !== undefined) seen.add(linkId);
  return Object.values(value).every((each) => linkIdsDiffer(each, seen));
}

/** `#` alone means the containing resource itself: https://hl7.org/fhir/R4/references.html#contained */
function refersToContained(reference: JsonObject, run: Run): boolean {
  const address = reference['reference'];
  if (typeof address !== 'string' || !address.startsWith('#') || address === '#') return true;
  return containedById(run.rootResource).has(address.slice(1));
}
