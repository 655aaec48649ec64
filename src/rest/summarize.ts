/**
 * `_summary` and `_elements`: parts of a resource, marked as such.
 * @see https://hl7.org/fhir/R4/search.html#summary
 * @see https://hl7.org/fhir/R4/search.html#elements
 */
import type { Definitions, Element, Structure } from '../definitions/index.ts';
import { keepDigits, parseStored, stringifyExactly } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { type Parameters, singleParameter } from './parse-parameters.ts';

export type Summary =
  | { readonly kind: 'true' | 'text' | 'data' | 'count' }
  | { readonly kind: 'elements'; readonly elements: readonly string[] };

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
const ALWAYS: readonly string[] = ['resourceType', 'id', 'meta'];

/** @throws SiltaError `invalid-parameter` */
export function parseSummary(parameters: Parameters): Summary | undefined {
  const summary = singleParameter(parameters, '_summary');
  const elements = singleParameter(parameters, '_elements');
  if (summary !== undefined && summary !== 'false') {
    if (elements !== undefined) {
      throw new SiltaError('invalid-parameter', "'_summary' and '_elements' cannot be combined.");
    }
    if (summary === 'true' || summary === 'text' || summary === 'data' || summary === 'count') {
      return { kind: summary };
    }
    throw new SiltaError('invalid-parameter', "'_summary' must be true, text, data, count or false.");
  }
  if (elements === undefined) return undefined;
  const names = elements.split(',').filter((name) => name !== '');
  if (names.length === 0 || !names.every((name) => /^([A-Z][A-Za-z]*\.)?[a-z][A-Za-z]*$/.test(name))) {
    throw new SiltaError('invalid-parameter', "'_elements' must list names of top-level elements.");
  }
  return { kind: 'elements', elements: names };
}

/**
 * The part of a stored resource that was asked for, as JSON text. Mandatory and modifier elements stay, so that
 * what is left out cannot change what is said.
 */
export function applySummary(definitions: Definitions, content: string, summary: Summary): string {
  const resource = parseStored(content) as Resource;
  const structure = definitions.structure(resource.resourceType);
  const keep = (name: string) => ALWAYS.includes(name) || keeps(name.replace(/^_/, ''));
  const keeps = selectElements(structure, resource.resourceType, summary);
  const kept = Object.entries(resource)
    .filter(([name]) => keep(name))
    .map(([name, value]) => [
      name,
      summary.kind === 'true' && !ALWAYS.includes(name) && structure
        ? summarizeWithin(structure, findChild(structure, resource.resourceType, name)?.path ?? '', value)
        : value,
    ]);
  const meta = { ...resource.meta, tag: [...(resource.meta?.tag ?? []), SUBSETTED] };
  return stringifyExactly(keepDigits(resource, { ...Object.fromEntries(kept), meta }));
}

/** Of elements defined in the resource itself, those inside that are of the summary. */
function summarizeWithin(structure: Structure, path: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => summarizeWithin(structure, path, each));
  if (typeof value !== 'object' || value === null || structure.children(path).length === 0) return value;
  const kept = Object.entries(value).flatMap(([name, member]) => {
    const child = findChild(structure, path, name.replace(/^_/, ''));
    if (name !== 'id' && !isSummarized(child)) return [];
    return [[name, summarizeWithin(structure, child?.path ?? '', member)]];
  });
  return keepDigits(value, Object.fromEntries(kept));
}

function findChild(structure: Structure, path: string, name: string): Element | undefined {
  return structure
    .children(path)
    .find((child) =>
      child.name.endsWith('[x]') ? name.startsWith(child.name.slice(0, -3)) : child.name === name,
    );
}

const isSummarized = (element: Element | undefined): boolean =>
  element !== undefined && (element.summary || element.modifier || element.min > 0);

function selectElements(
  structure: Structure | undefined,
  type: string,
  summary: Summary,
): (name: string) => boolean {
  if (summary.kind === 'data') return (name) => name !== 'text';
  const find = (name: string) => structure && findChild(structure, type, name);
  if (summary.kind === 'text') return (name) => name === 'text' || (find(name)?.min ?? 0) > 0;
  if (summary.kind !== 'elements') return (name) => isSummarized(find(name));
  const asked = new Set(
    summary.elements.map((name) => (name.startsWith(`${type}.`) ? name.slice(type.length + 1) : name)),
  );
  return (name) => {
    const element = find(name);
    if (asked.has(name) || (element && asked.has(element.name.replace('[x]', '')))) return true;
    return element !== undefined && (element.min > 0 || element.modifier);
  };
}
