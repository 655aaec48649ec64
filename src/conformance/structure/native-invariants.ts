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
  'contained.contained.empty()': (resource) =>
    listOf(resource['contained']).every((each) => !isObject(each) || each['contained'] === undefined),
  'contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()': (resource) =>
    metasOfContained(resource).every((meta) => !has(meta, 'versionId') && !has(meta, 'lastUpdated')),
  'contained.meta.security.empty()': (resource) =>
    metasOfContained(resource).every((meta) => !has(meta, 'security')),
  "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))":
    refersToContained,
  'code.empty() or system.exists()': (object) => !has(object, 'code') || has(object, 'system'),
  'start.hasValue().not() or end.hasValue().not() or (start <= end)': (period) => {
    if (period['start'] === undefined || period['end'] === undefined) return true;
    return isInOrder(period['start'], period['end']);
  },
  'data.empty() or contentType.exists()': (object) => !has(object, 'data') || has(object, 'contentType'),
  'value.empty() or system.exists()': (object) => !has(object, 'value') || has(object, 'system'),
  '(answer.exists() and item.exists()).not()': (item) => !(has(item, 'answer') && has(item, 'item')),
  'lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn': (task) => {
    const { lastModified, authoredOn } = task;
    if (!has(task, 'lastModified') || !has(task, 'authoredOn')) return true;
    return isInOrder(authoredOn, lastModified);
  },
  // The published text says "> 2", against its own words; R5 corrects it.
  'enableWhen.count() > 2 implies enableBehavior.exists()': (item) =>
    listOf(item['enableWhen']).length < 2 || has(item, 'enableBehavior'),
  'detail.empty() or reference.empty()': (object) => !(has(object, 'detail') && has(object, 'reference')),
  'name.exists() or telecom.exists() or address.exists() or organization.exists()': (object) =>
    has(object, 'name') || has(object, 'telecom') || has(object, 'address') || has(object, 'organization'),
};

/** The plain form of an invariant's FHIRPath, when there is one. */
export function nativeInvariant(expression: string): NativeInvariant | undefined {
  return Object.hasOwn(NATIVE, expression) ? NATIVE[expression] : undefined;
}

function metasOfContained(resource: JsonObject): readonly JsonObject[] {
  return listOf(resource['contained']).flatMap((each) =>
    isObject(each) && isObject(each['meta']) ? [each['meta']] : [],
  );
}

/** `#` alone means the containing resource itself: https://hl7.org/fhir/R4/references.html#contained */
function refersToContained(reference: JsonObject, run: Run): boolean {
  const address = reference['reference'];
  if (typeof address !== 'string' || !address.startsWith('#') || address === '#') return true;
  return containedById(run.rootResource).has(address.slice(1));
}
