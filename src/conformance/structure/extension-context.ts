/**
 * Where an extension may stand.
 *
 * @see https://hl7.org/fhir/R4/defining-extensions.html#context
 */
import type { Definitions, Element, ExtensionContext, Structure } from '../../definitions/index.ts';
import { isObject, type JsonObject } from '../json.ts';
import { type Place, placesFrom } from '../place.ts';
import { evaluateList } from './fhirpath.ts';
import { stem } from './names.ts';
import type { Run } from './run.ts';

type Known = Pick<Definitions, 'structure'>;

/** An element of a resource with what it can be called in a context: its paths, its type and the types above. */
interface Holder {
  readonly object: unknown;
  readonly names: ReadonlySet<string>;
}

/** The holder of an extension that stands at `place`; undefined when the way there is not of known elements. */
function holderOf(place: Place, run: Run, definitions: Known): Holder | undefined {
  const steps = placesFrom(run.base, place).slice(0, -1);
  const root = definitions.structure(String(run.resource['resourceType']));
  if (!root) return undefined;
  let here: Step = { object: run.resource, structure: root, paths: [root.type], type: root.type };
  for (const { step, index } of steps) {
    const next = descend(here, step, index, definitions);
    if (!next) return undefined;
    here = next;
  }
  return { object: here.object, names: new Set([...here.paths, ...typeNames(here.type, definitions)]) };
}

interface Step {
  readonly object: unknown;
  readonly structure: Structure;
  /** Paths of the element in the definitions it belongs to; the last one is where its children are. */
  readonly paths: readonly string[];
  readonly type: string | undefined;
}

function descend(from: Step, step: string, index: number, definitions: Known): Step | undefined {
  const element = childElement(from, step);
  if (!element || !isObject(from.object)) return undefined;
  const { value, type } = readMember(from.object, element, step);
  const object = index < 0 || !Array.isArray(value) ? value : value[index];
  const paths = [element.path, ...(element.contentReference ? [element.contentReference] : [])];
  const own = from.structure.children(paths.at(-1) ?? '').length > 0;
  const structure = own ? from.structure : definitions.structure(type ?? 'Element');
  if (!structure) return undefined;
  return { object, structure, paths: own ? paths : [...paths, structure.type], type };
}

function childElement({ structure, paths }: Step, step: string): Element | undefined {
  const parent = paths.at(-1) ?? '';
  return structure.element(`${parent}.${step}`) ?? structure.element(`${parent}.${step}[x]`);
}

/** The value of an element, and its type; the value of a primitive is of no use, its companion holds the extension. */
function readMember(
  object: JsonObject,
  element: Element,
  step: string,
): { readonly value: unknown; readonly type: string | undefined } {
  if (stem(element.name) === element.name) return { value: object[step], type: element.types[0]?.code };
  for (const { code } of element.types) {
    const name = step + code.charAt(0).toUpperCase() + code.slice(1);
    if (object[name] !== undefined || object[`_${name}`] !== undefined)
      return { value: object[name], type: code };
  }
  return { value: undefined, type: undefined };
}

function typeNames(type: string | undefined, definitions: Known): readonly string[] {
  const names: string[] = [];
  let structure = type === undefined ? undefined : definitions.structure(type);
  while (structure && !names.includes(structure.type)) {
    names.push(structure.type);
    structure = structure.base === undefined ? undefined : definitions.structure(structure.base);
  }
  // R4 says `Element` for anything that is not a resource, and that a resource is one too is what its authors do.
  return [...names, 'Element'];
}

/**
 * Whether an extension may stand at `place`; undefined when that cannot be told.
 *
 * @param holderUrl URL of the extension it stands in, if it stands in one
 */
export function mayStandAt(
  { url, context = [] }: Pick<Structure, 'url' | 'context'>,
  place: Place,
  holderUrl: string | undefined,
  run: Run,
  definitions: Known,
): boolean | undefined {
  if (context.some(({ type, expression }) => type === 'element' && expression === 'Element')) return true;
  const holder = holderOf(place, run, definitions);
  if (!holder) return undefined;
  let unknown = false;
  const also = ALSO[url];
  const contexts: readonly ExtensionContext[] = also
    ? [...context, { type: 'element', expression: also }]
    : context;
  for (const { type, expression } of contexts) {
    const verdict = isContext(type, expression, holder, holderUrl, run, definitions);
    if (verdict === true) return true;
    if (verdict === undefined) unknown = true;
  }
  return unknown ? undefined : false;
}

function isContext(
  type: string,
  expression: string,
  holder: Holder,
  holderUrl: string | undefined,
  run: Run,
  definitions: Known,
): boolean | undefined {
  if (type === 'extension') return holderUrl === expression;
  if (type === 'fhirpath') return evaluateList(expression, run.resource, run)?.includes(holder.object);
  if (holder.names.has(expression)) return true;
  const start = expression.split('.', 1)[0] ?? '';
  // A profile's element, or a type that R4 does not have: cannot be told here.
  return /[#:]/.test(expression) || !definitions.structure(start) ? undefined : false;
}

/** Where R4's own definitions put extensions that they allow elsewhere only. */
const ALSO: Readonly<Record<string, string>> = {
  'http://hl7.org/fhir/StructureDefinition/regex': 'ElementDefinition.type',
  'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type': 'ElementDefinition.type',
  'http://hl7.org/fhir/StructureDefinition/structuredefinition-normative-version': 'Element',
  'http://hl7.org/fhir/StructureDefinition/valueset-concept-comments': 'CodeSystem.concept',
};
