/**
 * Paths of a FHIRPath Patch. They are read here and not by a FHIRPath engine: a patch needs the place of what it
 * finds, by definition a path is made of few kinds of steps, and none of them can take long.
 * @see https://hl7.org/fhir/R4/fhirpatch.html
 */
import type { Definitions, Element, Structure } from '../definitions/index.ts';
import { unmarkNumbers } from '../exact-json.ts';
import type { Resource } from '../resource.ts';

type Members = Record<string, unknown>;

/** One element of a resource and where it stands. */
export interface Located {
  /** What holds it, by which property; absent for the resource itself. */
  readonly holder?: Members;
  readonly property: string;
  /** Its place, when the property is a list. */
  readonly index?: number;
  readonly value: unknown;
  readonly structure: Structure;
  /** Path of its definition in the structure. */
  readonly path: string;
}

export type PathStep =
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'where'; readonly tests: readonly Test[] };

interface Test {
  readonly path: readonly PathStep[];
  readonly literal: string;
}

const LONGEST = 1000;
const STEP =
  /^(?:\.([a-z]\w*)(?![\w(])|\[(\d{1,6})\]|\.(first|last|single)\(\)|\.(?:ofType|as)\(\s*(?:FHIR\.)?([A-Za-z]\w*)\s*\)|\.extension\(\s*'((?:[^'\\])*)'\s*\)|\.where\(\s*((?:[^()']|'(?:[^'\\])*')*)\))/;
const TEST =
  /^\s*(?:\$this\.)?([a-z][\w.]*)\s*=\s*(?:'([^'\\]*)'|(true|false|-?\d+(?:\.\d+)?|@[\dT:+.Z-]+))\s*$/;

/** The steps of a path behind its type; undefined when it is not of the kind that patches use. */
export function parsePath(text: string, type: string): readonly PathStep[] | undefined {
  if (text.length > LONGEST) return undefined;
  const root = /^([A-Z]\w*)(?!\w)/.exec(text);
  if (root && root[1] !== type) return undefined;
  let rest = root ? text.slice(type.length) : `.${text}`;
  const steps: PathStep[] = [];
  while (rest !== '') {
    const match = STEP.exec(rest);
    const read = match && readStep(match);
    if (!read) return undefined;
    steps.push(...read);
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function readStep(match: RegExpExecArray): PathStep[] | undefined {
  const [, name, index, end, type, url, condition] = match;
  if (name !== undefined) return [{ kind: 'child', name }];
  if (index !== undefined) return [{ kind: 'index', index: Number(index) }];
  if (end === 'last') return [{ kind: 'last' }];
  // More than one is refused for every step that must lead to one.
  if (end !== undefined) return end === 'first' ? [{ kind: 'index', index: 0 }] : [];
  if (type !== undefined) return [{ kind: 'type', type }];
  if (url !== undefined) {
    const same = { path: [{ kind: 'child', name: 'url' }], literal: url } as const;
    return [
      { kind: 'child', name: 'extension' },
      { kind: 'where', tests: [same] },
    ];
  }
  return readWhere(condition ?? '');
}

function readWhere(condition: string): PathStep[] | undefined {
  const tests: Test[] = [];
  // A quoted ' and ' is not split at: it would leave a quote open, which no test reads.
  for (const part of condition.split(/\s+and\s+/)) {
    const match = TEST.exec(part);
    if (!match) return undefined;
    const [, path = '', quoted, bare = ''] = match;
    const names = path.split('.');
    if (names.some((name) => !/^[a-z]\w*$/.test(name))) return undefined;
    tests.push({
      path: names.map((name) => ({ kind: 'child', name })),
      literal: quoted ?? bare.replace(/^@/, ''),
    });
  }
  return [{ kind: 'where', tests }];
}

/** The resource itself, where every path starts. */
export function locateRoot(definitions: Definitions, resource: Resource): Located | undefined {
  const structure = definitions.structure(resource.resourceType);
  return structure && { property: '', value: resource, structure, path: resource.resourceType };
}

/** Everything that the steps lead to. */
export function locate(definitions: Definitions, root: Located, steps: readonly PathStep[]): Located[] {
  let found: Located[] = [root];
  for (const step of steps) {
    switch (step.kind) {
      case 'child':
        found = found.flatMap((each) => locateChildren(definitions, each, step.name));
        break;
      case 'index':
        found = found.slice(step.index, step.index + 1);
        break;
      case 'last':
        found = found.slice(-1);
        break;
      case 'type':
        found = found.filter(({ property }) => property.endsWith(upperFirst(step.type)));
        break;
      case 'where':
        found = found.filter((each) =>
          step.tests.every(({ path, literal }) =>
            locate(definitions, each, path).some(({ value }) => isLiteral(value, literal)),
          ),
        );
        break;
    }
  }
  return found;
}

/** `1.0` and `1` are the same number. */
function isLiteral(found: unknown, literal: string): boolean {
  const value = unmarkNumbers(found);
  return (
    String(value) === literal || (typeof value === 'number' && literal !== '' && Number(literal) === value)
  );
}

/** The definition of a child, and the structure it is defined in: the parent's, or that of its data type. */
export function childDefinition(
  definitions: Definitions,
  parent: Pick<Located, 'structure' | 'path' | 'property'>,
  name: string,
): { readonly element: Element; readonly structure: Structure } | undefined {
  const { structure, path } = enter(definitions, parent);
  const element = structure.element(`${path}.${name}`) ?? structure.element(`${path}.${name}[x]`);
  return element && { element, structure };
}

/** The JSON property of a child as one of its types. */
export function propertyOf(element: Element, type: string): string {
  return element.name.endsWith('[x]') ? element.name.slice(0, -3) + upperFirst(type) : element.name;
}

function locateChildren(definitions: Definitions, parent: Located, name: string): Located[] {
  const { value: holder } = parent;
  const defined = childDefinition(definitions, parent, name);
  if (!defined || typeof holder !== 'object' || holder === null) return [];
  const { element, structure } = defined;
  const types = element.types.length > 0 ? element.types.map(({ code }) => code) : [''];
  const properties = new Set(types.map((code) => propertyOf(element, code)));
  const path = element.contentReference ?? element.path;
  return [...properties].flatMap((property): Located[] => {
    if (!Object.hasOwn(holder, property)) return [];
    const members = holder as Members;
    const value = members[property];
    const place = { holder: members, property, structure, path };
    return Array.isArray(value)
      ? value.map((each: unknown, index) => ({ ...place, index, value: each }))
      : [{ ...place, value }];
  });
}

/** The structure and path that hold the children of a place. */
function enter(
  definitions: Definitions,
  { structure, path, property }: Pick<Located, 'structure' | 'path' | 'property'>,
): { structure: Structure; path: string } {
  if (structure.children(path).length > 0) return { structure, path };
  const types = structure.element(path)?.types ?? [];
  const type = types.length > 1 ? types.find(({ code }) => property.endsWith(upperFirst(code))) : types[0];
  const own = type && definitions.structure(type.code);
  return own ? { structure: own, path: own.type } : { structure, path };
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
