/**
 * Compiles the FHIRPath of search parameters to direct walks over the resource's properties; what is not a plain
 * path goes through the FHIRPath engine, compiled once.
 * @see https://hl7.org/fhir/R4/searchparameter-registry.html
 */
import fhirpath, { type Model } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import type { Definitions, Element, Structure } from '../definitions/index.ts';
import type { Resource } from '../resource.ts';

/** A value found by a search parameter, with its FHIR type (empty when only the engine knows it). */
export interface Found {
  readonly value: unknown;
  readonly type: string;
  /** System that the element's required binding implies for a bare code. */
  readonly system?: string;
}

type Emit = (found: Found) => void;
type Walk = (value: unknown, emit: Emit) => void;

/** Where a walk stands: an element of a structure, as one of its types. */
interface Place {
  readonly structure: Structure;
  readonly path: string;
  readonly type: string;
  readonly system?: string;
}

type Step =
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'target'; readonly type: string }
  | { readonly kind: 'equals'; readonly name: string; readonly text: string };

/**
 * Compiles one branch of an expression.
 * @param type the resource type the branch starts at
 */
export function compilePath(
  branch: string,
  type: string,
  definitions: Definitions,
): (resource: Resource, emit: Emit) => void {
  const steps = parseSteps(branch);
  const structure = definitions.structure(type);
  if (!steps || !structure) return compileWithEngine(branch);
  const walk = compileSteps({ structure, path: type, type }, steps, definitions);
  return (resource, emit) => walk(resource, emit);
}

/**
 * The types of what a branch of an expression leads to; undefined when only the engine knows, empty when nowhere.
 * @param type the resource type the branch starts at
 */
export function endTypes(
  branch: string,
  type: string,
  definitions: Definitions,
): ReadonlySet<string> | undefined {
  const steps = parseSteps(branch);
  const structure = definitions.structure(type);
  if (!steps || !structure) return undefined;
  let places: readonly Place[] = [{ structure, path: type, type }];
  for (const step of steps) {
    if (step.kind === 'child') {
      places = places.flatMap((place) =>
        childPlaces(place, step.name, definitions).map(([, child]) => child),
      );
    } else if (step.kind === 'type')
      places = places.filter((place) => isOfType(place, step.type, definitions));
  }
  return new Set(places.map((place) => place.type));
}

/** Of a type or of one derived from it. HL7's own expressions say `DateTime` for `dateTime`. */
function isOfType(place: Place, type: string, definitions: Definitions): boolean {
  for (let each: string | undefined = place.type; each !== undefined; ) {
    if (each.toLowerCase() === type.toLowerCase()) return true;
    const base: string | undefined = definitions.structure(each)?.base;
    each = base === undefined ? undefined : definitions.structure(base)?.type;
  }
  return false;
}

/**
 * Compiles an expression that starts at the elements of a path instead of at the resource.
 * @param start plain path of the elements, e.g. `Observation.component`
 */
export function compileElementPath(
  start: string,
  expression: string,
  type: string,
  definitions: Definitions,
): (element: unknown, resource: Resource, emit: Emit) => void {
  const fromResource = /^%resource\.(.+)$/.exec(expression)?.[1];
  if (fromResource !== undefined) {
    const walk = compilePath(`${type}.${fromResource}`, type, definitions);
    return (_element, resource, emit) => walk(resource, emit);
  }
  const steps = parseSteps(`X.${expression}`);
  const place = steps && findPlace(start, type, definitions);
  if (!steps || !place) throw new Error(`${type}: a composite's component is no plain path: ${expression}`);
  const walk = compileSteps(place, steps, definitions);
  return (element, _resource, emit) => walk(element, emit);
}

function findPlace(path: string, type: string, definitions: Definitions): Place | undefined {
  const structure = definitions.structure(type);
  let place: Place | undefined = structure && { structure, path: type, type };
  for (const name of path.split('.').slice(1)) {
    place = place && childPlaces(place, name, definitions)[0]?.[1];
  }
  return place;
}

const STEP =
  /^\.(?:(?:as|ofType)\(\s*([A-Za-z]\w*)\s*\)|where\(\s*resolve\(\) is ([A-Z]\w*)\s*\)|where\(\s*(\w+)\s*=\s*'([^']*)'\s*\)|([a-z]\w*)(?!\w*\())/;

/** The steps of a plain path behind its type; undefined for any other expression. */
function parseSteps(branch: string): Step[] | undefined {
  // `(A.b as T).c` is `A.b.as(T).c`, and `extension('u')` is those with that url.
  const path = branch
    .replace(/\.extension\(\s*('[^']*')\s*\)/g, '.extension.where(url=$1)')
    .replace(/^\(\s*([\w.]+)\s+as\s+(\w+)\s*\)/, '$1.as($2)')
    .replace(/^\((.*)\)$/, '$1');
  let rest = path.replace(/^[A-Z]\w*/, '');
  const steps: Step[] = [];
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (!match) return undefined;
    const [whole, type, target, name, text, child] = match;
    if (type) steps.push({ kind: 'type', type });
    else if (target) steps.push({ kind: 'target', type: target });
    else if (name) steps.push({ kind: 'equals', name, text: text ?? '' });
    else if (child) steps.push({ kind: 'child', name: child });
    rest = rest.slice(whole.length);
  }
  return steps;
}

function compileSteps(place: Place, steps: readonly Step[], definitions: Definitions): Walk {
  const [step, ...rest] = steps;
  if (!step)
    return (value, emit) => emit({ value, type: place.type, ...(place.system && { system: place.system }) });
  switch (step.kind) {
    case 'type':
      return isOfType(place, step.type, definitions)
        ? compileSteps(place, rest, definitions)
        : () => undefined;
    case 'target': {
      const walk = compileSteps(place, rest, definitions);
      const matches = refersTo(step.type);
      return (value, emit) => {
        if (matches(value)) walk(value, emit);
      };
    }
    case 'equals': {
      const walk = compileSteps(place, rest, definitions);
      return (value, emit) => {
        if (isObject(value) && value[step.name] === step.text) walk(value, emit);
      };
    }
    case 'child':
      return compileChild(place, step.name, rest, definitions);
  }
}

function compileChild(place: Place, name: string, rest: readonly Step[], definitions: Definitions): Walk {
  const edges = childPlaces(place, name, definitions).map(
    ([property, child]) => [property, compileSteps(child, rest, definitions)] as const,
  );
  return (value, emit) => {
    if (!isObject(value)) return;
    for (const [property, walk] of edges) {
      const next = value[property];
      if (next === undefined || next === null) continue;
      if (Array.isArray(next)) for (const each of next) walk(each, emit);
      else walk(next, emit);
    }
  };
}

/** The JSON properties that a step may lead to: one, or one per type of a choice. */
function childPlaces(place: Place, name: string, definitions: Definitions): [string, Place][] {
  const { structure, path } = enter(place, definitions);
  const plain = structure.element(`${path}.${name}`);
  if (plain) return [[name, childPlace(structure, plain, plain.types[0]?.code ?? '', definitions)]];
  const choice = structure.element(`${path}.${name}[x]`);
  return (choice?.types ?? []).map(({ code }) => [
    name + code.charAt(0).toUpperCase() + code.slice(1),
    childPlace(structure, choice as Element, code, definitions),
  ]);
}

function childPlace(structure: Structure, element: Element, type: string, definitions: Definitions): Place {
  const strict = type === 'code' && element.binding?.strength === 'required';
  const systems = strict ? definitions.valueSet(element.binding?.valueSet ?? '')?.systems : undefined;
  const system = systems?.length === 1 ? systems[0] : undefined;
  return { structure, path: element.contentReference ?? element.path, type, ...(system && { system }) };
}

/** The structure and path that hold the children of a place: its own, or those of its data type. */
function enter(place: Place, definitions: Definitions): { structure: Structure; path: string } {
  if (place.structure.children(place.path).length > 0) return place;
  const structure = definitions.structure(place.type);
  return structure ? { structure, path: place.type } : place;
}

/** Whether a Reference is to a resource of a type, as far as it says itself. */
function refersTo(type: string): (value: unknown) => boolean {
  const form = new RegExp(`(^|/)${type}/[^/]+(/_history/[^/]+)?$`);
  return (value) => {
    if (!isObject(value)) return false;
    const { reference } = value;
    return (typeof reference === 'string' && form.test(reference)) || value['type'] === type;
  };
}

function compileWithEngine(branch: string): (resource: Resource, emit: Emit) => void {
  const evaluate = fhirpath.compile(branch, r4 as Model, { async: false, traceFn: () => undefined });
  return (resource, emit) => {
    for (const value of evaluate(structuredClone(resource)) as unknown[]) emit({ value, type: '' });
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
