/**
 * Value sets contained in a Questionnaire.
 *
 * @see https://hl7.org/fhir/R4/valueset.html
 */
import type { ValueSetCodes } from '../../definitions/index.ts';
import type { ValueSetLookup } from './answer-options.ts';
import { isObject, objectsOf, textOf } from './answer-value.ts';

/** Looks value sets up in the Questionnaire itself (`#id`, or the URL of a contained one), then among those known. */
export function lookupValueSets(
  questionnaire: Record<string, unknown>,
  known: ValueSetLookup,
): ValueSetLookup {
  const contained = objectsOf(questionnaire['contained']).filter(
    (resource) => resource['resourceType'] === 'ValueSet',
  );
  return (url) => {
    const local = contained.find((resource) => `#${resource['id']}` === url || resource['url'] === url);
    return local ? readCodes(local, known) : known(url);
  };
}

/** The codes of a contained value set; undefined when it draws on content that is not at hand. */
function readCodes(valueSet: Record<string, unknown>, known: ValueSetLookup): ValueSetCodes | undefined {
  const codes = new Map<string, Set<string>>();
  const add = (system: string, code: string) => {
    const ofSystem = codes.get(system) ?? new Set<string>();
    codes.set(system, ofSystem.add(code));
  };
  const expansion = isObject(valueSet['expansion']) ? objectsOf(valueSet['expansion']['contains']) : [];
  if (expansion.length > 0) {
    addExpansion(expansion, add);
    return codesOf(codes, []);
  }
  const compose = isObject(valueSet['compose']) ? valueSet['compose'] : {};
  if (objectsOf(compose['exclude']).length > 0) return undefined;
  const others: ValueSetCodes[] = [];
  for (const include of objectsOf(compose['include'])) {
    const concepts = objectsOf(include['concept']);
    const system = textOf(include['system']) ?? '';
    for (const concept of concepts) add(system, textOf(concept['code']) ?? '');
    if (concepts.length > 0) continue;
    const imported = Array.isArray(include['valueSet']) ? include['valueSet'] : [];
    const other = typeof imported[0] === 'string' && system === '' ? known(imported[0]) : undefined;
    if (!other || imported.length > 1) return undefined;
    others.push(other);
  }
  return codesOf(codes, others);
}

function addExpansion(
  contains: readonly Record<string, unknown>[],
  add: (system: string, code: string) => void,
): void {
  for (const entry of contains) {
    const code = textOf(entry['code']);
    if (code !== undefined && entry['abstract'] !== true) add(textOf(entry['system']) ?? '', code);
    addExpansion(objectsOf(entry['contains']), add);
  }
}

function codesOf(
  codes: ReadonlyMap<string, ReadonlySet<string>>,
  others: readonly ValueSetCodes[],
): ValueSetCodes {
  return {
    systems: [...codes.keys(), ...others.flatMap((other) => other.systems)],
    has: (code, system) =>
      others.some((other) => other.has(code, system)) ||
      (system === undefined
        ? [...codes.values()].some((ofSystem) => ofSystem.has(code))
        : codes.get(system)?.has(code) === true),
    list: () => [
      ...[...codes].flatMap(([system, ofSystem]) => [...ofSystem].map((code) => ({ system, code }))),
      ...others.flatMap((other) => other.list?.() ?? []),
    ],
  };
}
