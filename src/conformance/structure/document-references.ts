/**
 * The references of a Composition that its document must resolve itself.
 *
 * @see https://hl7.org/fhir/R4/documents.html#content
 */
import { isObject, type JsonObject, listOf } from '../json.ts';
import { at, type Place } from '../place.ts';

interface PlacedReference {
  readonly address: string;
  readonly place: Place;
}

const PATHS: readonly (readonly string[])[] = [
  ['subject'],
  ['encounter'],
  ['author'],
  ['attester', 'party'],
  ['custodian'],
  ['event', 'detail'],
];

/** @param place of the Composition */
export function documentReferences(composition: JsonObject, place: Place): readonly PlacedReference[] {
  return [
    ...PATHS.flatMap((path) => referencesAt(composition, place, path)),
    ...sectionReferences(composition, place),
  ];
}

function sectionReferences(holder: JsonObject, place: Place): readonly PlacedReference[] {
  return listOf(holder['section']).flatMap((section, index) => {
    if (!isObject(section)) return [];
    const here = at(place, 'section', index);
    return [
      ...referencesAt(section, here, ['author']),
      ...referencesAt(section, here, ['focus']),
      ...referencesAt(section, here, ['entry']),
      ...sectionReferences(section, here),
    ];
  });
}

function referencesAt(holder: JsonObject, place: Place, path: readonly string[]): readonly PlacedReference[] {
  const [step, ...rest] = path;
  if (step === undefined) {
    const address = holder['reference'];
    return typeof address === 'string' ? [{ address, place }] : [];
  }
  const value = holder[step];
  return listOf(value).flatMap((each, index) =>
    isObject(each) ? referencesAt(each, at(place, step, Array.isArray(value) ? index : -1), rest) : [],
  );
}
