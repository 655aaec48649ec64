/**
 * Filters of a value set's composition.
 * @see https://hl7.org/fhir/R4/valueset-filter-operator.html
 */
import type { ValueSetComposeIncludeFilter } from 'fhir/r4';
import { isWithin } from './code-system.ts';
import { matchPattern } from './match-pattern.ts';
import type { CodeSystemView, Concept, Unknown } from './types.ts';

export type Test = (concept: Concept) => boolean;

/** Compiles a filter to a test of concepts; says why when it cannot be done here. */
export function compileFilter(filter: ValueSetComposeIncludeFilter, view: CodeSystemView): Test | Unknown {
  const { property, op, value } = filter;
  const isCode = property === 'concept' || property === 'code';
  switch (op) {
    case 'is-a':
    case 'descendent-of':
    case 'is-not-a':
    case 'generalizes':
      return isCode ? compileHierarchy(op, value, view) : cannot(filter);
    case '=':
      return isCode ? byCode([value], view) : byProperty(property, (each) => each === value);
    case 'in':
    case 'not-in':
      return compileList(filter, view);
    case 'exists':
      return compileExists(filter);
    case 'regex':
      return compileRegex(filter, view);
    default:
      return cannot(filter);
  }
}

function cannot({ property, op }: ValueSetComposeIncludeFilter): Unknown {
  return { code: 'not-supported', reason: `the filter '${op}' of '${property}' is not supported` };
}

function compileHierarchy(op: string, value: string, view: CodeSystemView): Test | Unknown {
  const top = view.find(value);
  if (!top) return { code: 'not-found', reason: `a filter names a code that ${view.url} does not have` };
  switch (op) {
    case 'is-a':
      return (concept) => isWithin(concept, top);
    case 'descendent-of':
      return (concept) => concept !== top && isWithin(concept, top);
    case 'is-not-a':
      return (concept) => !isWithin(concept, top);
    default:
      return (concept) => isWithin(top, concept);
  }
}

function byCode(codes: readonly string[], view: CodeSystemView): Test {
  const named = new Set(codes.map((code) => view.find(code)?.code));
  return (concept) => named.has(concept.code);
}

function byProperty(property: string, fits: (value: string) => boolean): Test {
  return (concept) => valuesOf(concept, property).some(fits);
}

/** What a concept says of a property; its place in the hierarchy and its names are properties too. */
function valuesOf(concept: Concept, property: string): readonly string[] {
  const stated = concept.properties.filter(({ code }) => code === property).map(({ value }) => textOf(value));
  switch (property) {
    case 'code':
    case 'concept':
      return [concept.code];
    case 'display':
      return concept.display === undefined ? [] : [concept.display];
    case 'definition':
      return concept.definition === undefined ? [] : [concept.definition];
    case 'parent':
      return concept.parents.map(({ code }) => code);
    case 'child':
      return concept.children.map(({ code }) => code);
    case 'inactive':
      return stated.length > 0 ? stated : [String(concept.inactive)];
    default:
      return stated;
  }
}

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return String((value as { readonly code?: unknown }).code ?? '');
}

function compileList(filter: ValueSetComposeIncludeFilter, view: CodeSystemView): Test {
  const { property, op, value } = filter;
  const list = value.split(',').map((each) => each.trim());
  const isCode = property === 'concept' || property === 'code';
  const isIn = isCode ? byCode(list, view) : byProperty(property, (each) => list.includes(each));
  return op === 'in' ? isIn : (concept) => !isIn(concept);
}

function compileExists(filter: ValueSetComposeIncludeFilter): Test | Unknown {
  const wanted = filter.value === 'true';
  if (!wanted && filter.value !== 'false') return cannot(filter);
  return (concept) => valuesOf(concept, filter.property).length > 0 === wanted;
}

/** All texts at once where the system can be listed: the time is for all of them together. */
function compileRegex(filter: ValueSetComposeIncludeFilter, view: CodeSystemView): Test | Unknown {
  const { property, value } = filter;
  const texts = view.concepts?.flatMap((concept) => valuesOf(concept, property)) ?? [];
  const known = matchPattern(value, texts);
  if (known === 'malformed') return { code: 'not-supported', reason: 'a regular expression is malformed' };
  if (known === 'too-costly') return { code: 'too-costly', reason: 'a regular expression takes too long' };
  let isCostly = false;
  const matches = (text: string) => {
    if (view.concepts) return known.has(text);
    if (isCostly) return false;
    const found = matchPattern(value, [text]);
    isCostly = found === 'too-costly';
    return typeof found !== 'string' && found.has(text);
  };
  return (concept) => valuesOf(concept, property).some(matches);
}
