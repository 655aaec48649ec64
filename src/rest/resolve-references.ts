/**
 * References inside a transaction: to other entries by their fullUrl, and by criteria.
 * @see https://hl7.org/fhir/R4/bundle.html#references
 * @see https://hl7.org/fhir/R4/http.html#trules
 */
import { keepDigits } from '../exact-json.ts';
import type { Issue } from '../outcome.ts';
import type { Resource } from '../resource.ts';

const CRITERIA = /^[A-Z][A-Za-z]+\?/;
const PLACEHOLDER = /^urn:(uuid|oid):/;
/** Elements other than `reference` whose value may be an entry's fullUrl. */
const URL_ELEMENTS: ReadonlySet<string> = new Set([
  'url',
  'valueUri',
  'valueUrl',
  'valueCanonical',
  'valueUuid',
]);

/** Whether a reference names what it means by search criteria, such as `Patient?identifier=…`. */
export function isConditional(reference: string): boolean {
  return CRITERIA.test(reference);
}

/**
 * The resource with its references rewritten.
 * @param targets what stands for what: fullUrls and conditional references → `Type/id`
 * @param path FHIRPath of the resource inside the Bundle
 * @param issues receives a finding for each placeholder that no entry carries
 */
export function rewriteReferences(
  resource: Resource,
  targets: ReadonlyMap<string, string>,
  path: string,
  issues: Issue[],
): Resource {
  const rewrite = (value: unknown, at: string): unknown => {
    if (Array.isArray(value)) {
      return keepDigits(
        value,
        value.map((each, index) => rewrite(each, `${at}[${index}]`)),
      );
    }
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).map(([name, member]) => {
      if (typeof member !== 'string') return [name, rewrite(member, `${at}.${name}`)];
      if (name === 'reference') return [name, resolve(member, at)];
      return [
        name,
        URL_ELEMENTS.has(name) && PLACEHOLDER.test(member) ? (targets.get(member) ?? member) : member,
      ];
    });
    return keepDigits(value, Object.fromEntries(members));
  };
  const resolve = (reference: string, at: string): string => {
    const target = targets.get(reference);
    if (target === undefined && PLACEHOLDER.test(reference)) {
      issues.push({
        severity: 'error',
        code: 'not-found',
        diagnostics: 'No entry of the transaction has this fullUrl.',
        expression: [`${at}.reference`],
      });
    }
    return target ?? reference;
  };
  return rewrite(resource, path) as Resource;
}
