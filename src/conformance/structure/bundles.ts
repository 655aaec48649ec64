/**
 * Rules of a Bundle that its invariants do not say: addresses of entries, links, and what a document must hold.
 *
 * @see https://hl7.org/fhir/R4/bundle.html#references
 */
import { finding } from '../finding.ts';
import { isObject, type JsonObject, listOf } from '../json.ts';
import { at, type Place } from '../place.ts';
import { findInBundle } from './bundle-index.ts';
import { documentReferences } from './document-references.ts';
import type { ObjectCheck, Run } from './run.ts';

const RESTFUL_ID = /^https?:\/\/.+\/([A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/;

export const checkBundle: ObjectCheck = (bundle, place, run) => {
  for (const [index, entry] of listOf(bundle['entry']).entries()) {
    if (isObject(entry)) checkFullUrl(entry, at(place, 'entry', index), run);
  }
  checkLinks(bundle, place, run);
  if (bundle['type'] === 'document') checkDocument(bundle, place, run);
};

function checkFullUrl(entry: JsonObject, place: Place, run: Run): void {
  const { fullUrl, resource } = entry;
  if (typeof fullUrl !== 'string') return;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(fullUrl)) {
    const text = 'fullUrl must be an absolute URL.';
    run.issues.push(finding('value', 'bundle', at(place, 'fullUrl'), text));
    return;
  }
  const [, type, id] = RESTFUL_ID.exec(fullUrl) ?? [];
  if (!isObject(resource) || type !== resource['resourceType']) return;
  if (resource['id'] === undefined || resource['id'] === id) return;
  const text = 'The id of the resource is not the one in the fullUrl of its entry.';
  run.issues.push(finding('invalid', 'bundle', at(place, 'resource'), text, 'warning'));
}

/** Only one link each leads to the page itself, the first, the last, the next and the previous one. */
function checkLinks(bundle: JsonObject, place: Place, run: Run): void {
  const seen = new Set<unknown>();
  for (const [index, link] of listOf(bundle['link']).entries()) {
    const relation = isObject(link) ? link['relation'] : undefined;
    if (typeof relation !== 'string' || !SINGLE.has(relation)) continue;
    if (seen.has(relation)) {
      const text = `A Bundle has one link '${relation}' at most.`;
      run.issues.push(finding('invalid', 'bundle', at(place, 'link', index), text));
    }
    seen.add(relation);
  }
}

const SINGLE = new Set(['self', 'first', 'last', 'next', 'prev', 'previous']);

/** A document holds what its Composition is about and shows, each once: https://hl7.org/fhir/R4/documents.html#content */
function checkDocument(bundle: JsonObject, place: Place, run: Run): void {
  const first = listOf(bundle['entry'])[0];
  const composition = isObject(first) ? first['resource'] : undefined;
  if (!isObject(composition) || composition['resourceType'] !== 'Composition') return;
  const start = at(at(place, 'entry', 0), 'resource');
  for (const { address, place: here } of documentReferences(composition, start)) {
    if (address.startsWith('#')) continue;
    const found = findInBundle(bundle, address, composition).length;
    if (found === 1) continue;
    const text =
      found === 0
        ? 'The document does not hold what this refers to.'
        : `The document holds ${found} resources that this may refer to.`;
    run.issues.push(finding(found === 0 ? 'not-found' : 'multiple-matches', 'bundle', here, text));
  }
}
