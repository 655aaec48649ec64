/**
 * The logical models of HL7 v2, made of the facts when they are first asked for. Names are those of HL7's own XML
 * encoding with `_` for the dot: `PID_3`, `CX_1`. The number behind the last `_` is the position.
 *
 * @see https://www.hl7.org/implement/standards/product_brief.cfm?product_id=214
 */
import type { ElementDefinition } from 'fhir/r4';
import { compileStructure, type Definitions, type Structure } from '../../../definitions/index.ts';
import { MESSAGES, OBSERVED, PRIMITIVES, REQUIRED_GROUPS, SEGMENTS, TYPES } from './facts.ts';

const ROOT = 'urn:hl7-org:v2xml:';
/** Segments, fields, components and subcomponents that the generic types can hold. */
const GENERIC = { fields: 99, components: 40, subcomponents: 20 } as const;

type Cardinality = Pick<ElementDefinition, 'min' | 'max'>;

function element(path: string, types: readonly string[], cardinality: Cardinality = {}): ElementDefinition {
  const max = cardinality.max ?? '1';
  return { id: path, path, min: cardinality.min ?? 0, max, type: types.map((code) => ({ code })) };
}

const codeOf = (type: string): string => (PRIMITIVES.has(type) ? 'string' : ROOT + type);

/** One part of a segment or type: `CX*` at position 3 of PID. */
function partOf(owner: string, part: string, index: number): ElementDefinition {
  const type = part.replace('*', '');
  const path = `${owner}.${owner}_${index + 1}`;
  const repeats: Cardinality = part.endsWith('*') ? { max: '*' } : {};
  if (type === '?') return element(`${path}[x]`, ['string', ...OBSERVED.map(codeOf)], repeats);
  return element(path, [codeOf(type)], repeats);
}

/** `PATIENT?{ PID PD1? }` as elements below a path. */
function structureOf(owner: string, text: string): readonly ElementDefinition[] {
  const stack = [owner];
  return text.split(' ').flatMap((word) => {
    const [, name = '', mark = '', brace] = /^(\w*)([?*]?)(\{|\})?$/.exec(word) ?? [];
    if (word === '}') {
      stack.pop();
      return [];
    }
    const path = `${stack.at(-1)}.${name}`;
    if (brace === '{') stack.push(path);
    const min = mark === '' || REQUIRED_GROUPS.has(path) ? 1 : 0;
    return [element(path, [brace ? 'BackboneElement' : ROOT + name], { min, max: mark === '*' ? '*' : '1' })];
  });
}

function positions(
  owner: string,
  prefix: string,
  count: number,
  type: string,
  max: string,
): ElementDefinition[] {
  return Array.from({ length: count }, (_, index) =>
    element(`${owner}.${prefix}_${index + 1}`, [type], { max }),
  );
}

/** The types that hold any message, segment and field. */
const GENERIC_TYPES: Readonly<Record<string, () => readonly ElementDefinition[]>> = {
  Message: () => [
    element('Message.MSH', [`${ROOT}MSH`], { min: 1 }),
    element('Message.segment', ['BackboneElement'], { max: '*' }),
    ...Object.keys(SEGMENTS)
      .filter((name) => name !== 'MSH')
      .map((name) => element(`Message.segment.${name}`, [ROOT + name])),
    element('Message.segment.other', [`${ROOT}Segment`]),
  ],
  Segment: () => [
    element('Segment.name', ['string'], { min: 1 }),
    ...positions('Segment', 'F', GENERIC.fields, `${ROOT}Field`, '*'),
  ],
  Field: () => positions('Field', 'C', GENERIC.components, `${ROOT}Component`, '1'),
  Component: () => positions('Component', 'S', GENERIC.subcomponents, 'string', '1'),
};

function elementsOf(name: string): readonly ElementDefinition[] | undefined {
  if (Object.hasOwn(GENERIC_TYPES, name)) return GENERIC_TYPES[name]?.();
  if (Object.hasOwn(MESSAGES, name)) return structureOf(name, MESSAGES[name] ?? '');
  const parts = Object.hasOwn(SEGMENTS, name) ? SEGMENTS[name] : TYPES[name];
  return parts?.split(' ').map((part, index) => partOf(name, part, index));
}

const made = new WeakMap<Definitions, Map<string, Structure>>();

/**
 * A model of HL7 v2: a message structure (`urn:hl7-org:v2xml:ORU_R01`), any message (`…:Message`), a segment
 * (`…:PID`) or a type (`…:CX`).
 *
 * @returns undefined for every other URL
 */
export function findHl7v2Model(url: string, definitions: Definitions): Structure | undefined {
  if (!url.startsWith(ROOT)) return undefined;
  const name = url.slice(ROOT.length);
  const known = made.get(definitions) ?? new Map<string, Structure>();
  made.set(definitions, known);
  const before = known.get(name);
  const elements = before ? undefined : elementsOf(name);
  if (before || !elements) return before;
  const structure = compileStructure(
    {
      resourceType: 'StructureDefinition',
      url,
      name,
      status: 'active',
      kind: 'logical',
      abstract: false,
      type: name,
      derivation: 'specialization',
      differential: { element: [{ id: name, path: name }, ...elements] },
    },
    definitions,
  );
  known.set(name, structure);
  return structure;
}

/** The model of any message. */
export const ANY_MESSAGE = `${ROOT}Message`;

/** The URLs of the message structures that are there. */
export const MESSAGE_MODELS: readonly string[] = ['Message', ...Object.keys(MESSAGES)].map(
  (name) => ROOT + name,
);
