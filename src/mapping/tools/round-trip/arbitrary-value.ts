/** Values of FHIR's primitive types, and instances of models, for round trips. */
import type { Arbitrary } from 'fast-check';
import type { Definitions } from '../../../definitions/index.ts';
import { type Child, isPrimitive, type Models, rootPath, type Shape, typeName } from '../../compile/model.ts';

type FastCheck = typeof import('fast-check').default;

/** How deep elements that nothing requires are made. */
const DEPTH = 4;
/** Items of a list at most: enough to see whether several survive. */
const ITEMS = 3;

export interface InstanceOptions {
  readonly definitions: Definitions;
  readonly models: Models;
  /** Whether an element that is not required is made. */
  isWanted(shape: Shape, child: Child): boolean;
  /** Codes that an element can hold, by the ConceptMaps that translate it. */
  codes(shape: Shape, child: Child): readonly string[];
  /** Values that the map asks for, by the element's name. */
  readonly hints: ReadonlyMap<string, readonly string[]>;
}

/** Types whose values a map may compare with a text of its own. */
const TEXTS: ReadonlySet<string> = new Set(['string', 'code', 'uri', 'url', 'canonical', 'id']);

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(1925, 0, 1);
const DAYS = 40_000;

/** Text as people write it: letters of both languages, no white space at the ends, never empty. */
function textOf(fc: FastCheck): Arbitrary<string> {
  const letter = fc.constantFrom(...'aeiklmnorstuvyäöåABCÄÖÅ0123456789 -.,'.split(''));
  return fc
    .array(letter, { minLength: 1, maxLength: 20 })
    .map((letters) => letters.join('').replace(/\s+/g, ' ').trim() || 'a');
}

function primitives(fc: FastCheck): Readonly<Record<string, Arbitrary<unknown>>> {
  const text = textOf(fc);
  const day = fc.nat(DAYS).map((days) => new Date(FIRST_DAY + days * DAY_MS).toISOString().slice(0, 10));
  const time = fc.nat(86_399).map((second) => new Date(second * 1000).toISOString().slice(11, 19));
  const instant = fc.tuple(day, time).map(([date, clock]) => `${date}T${clock}Z`);
  const word = fc.constantFrom('alfa', 'beeta', 'gamma', 'delta', 'e-1', 'F2');
  return {
    boolean: fc.boolean(),
    integer: fc.integer({ min: -1000, max: 1000 }),
    positiveInt: fc.integer({ min: 1, max: 1000 }),
    unsignedInt: fc.nat(1000),
    decimal: fc.integer({ min: -10_000, max: 10_000 }).map((hundredths) => hundredths / 100),
    string: text,
    markdown: text,
    code: word,
    id: word,
    uri: word.map((name) => `urn:example:${name}`),
    url: word.map((name) => `https://system.example/${name}`),
    canonical: word.map((name) => `https://system.example/${name}`),
    oid: fc.nat(999).map((number) => `urn:oid:1.2.246.${number}`),
    uuid: fc.uuid().map((uuid) => `urn:uuid:${uuid}`),
    date: day,
    dateTime: fc.oneof(day, instant),
    instant,
    time,
    base64Binary: text.map((plain) => Buffer.from(plain).toString('base64')),
  };
}

/** Makes arbitraries of instances of models. */
export class InstanceMaker {
  readonly #fc: FastCheck;
  readonly #options: InstanceOptions;
  readonly #primitives: Readonly<Record<string, Arbitrary<unknown>>>;

  constructor(fc: FastCheck, options: InstanceOptions) {
    this.#fc = fc;
    this.#options = options;
    this.#primitives = primitives(fc);
  }

  /** Instances of a type: what is required always, the rest sometimes. */
  instance(shape: Shape, depth = 0): Arbitrary<Record<string, unknown>> {
    const { models } = this.#options;
    const parts: Arbitrary<readonly (readonly [string, unknown])[]>[] = [];
    for (const name of models.childNames(shape)) {
      const child = models.child(shape, name);
      // Choices are known by their own name and by one for each type.
      if (!child || child.name !== name || child.element?.max === 0) continue;
      const part = this.#element(shape, child, depth);
      if (part) parts.push(part);
    }
    const isResource = shape.structure.kind === 'resource' && shape.path === rootPath(shape.structure);
    const head = isResource ? [['resourceType', shape.structure.type] as const] : [];
    return this.#fc.tuple(...parts).map((all) => Object.fromEntries([...head, ...all.flat()]));
  }

  #element(
    shape: Shape,
    child: Child,
    depth: number,
  ): Arbitrary<readonly (readonly [string, unknown])[]> | undefined {
    const { element } = child;
    const isRequired = (element?.min ?? 0) > 0;
    if (!isRequired && (depth >= DEPTH || !this.#options.isWanted(shape, child))) return undefined;
    const values = child.alternatives.flatMap(({ key, shape: type }) => {
      const value = this.#value(shape, child, type, depth);
      return value ? [this.#many(value, child).map((made) => [[key, made]] as const)] : [];
    });
    if (values.length === 0) return undefined;
    const one = this.#fc.oneof(...values);
    if (isRequired) return one;
    return this.#fc.oneof({ weight: 3, arbitrary: one }, { weight: 1, arbitrary: this.#fc.constant([]) });
  }

  #many(value: Arbitrary<unknown>, { isList, element }: Child): Arbitrary<unknown> {
    if (!isList) return value;
    const minLength = Math.max(1, element?.min ?? 0);
    return this.#fc.array(value, {
      minLength,
      maxLength: Math.max(minLength, Math.min(element?.max ?? 1, ITEMS)),
    });
  }

  #value(shape: Shape, child: Child, type: Shape, depth: number): Arbitrary<unknown> | undefined {
    const { fixed, pattern } = child.element ?? {};
    if (fixed !== undefined) return this.#fc.constant(fixed);
    if (pattern !== undefined) return this.#fc.constant(pattern);
    if (!isPrimitive(type))
      return this.instance(type, depth + 1).filter((made) => Object.keys(made).length > 0);
    const codes = this.#codes(shape, child);
    if (codes.length > 0) return this.#fc.constantFrom(...codes);
    const value = this.#primitives[typeName(type)];
    const hints = TEXTS.has(typeName(type)) ? (this.#options.hints.get(child.name) ?? []) : [];
    if (!value || hints.length === 0) return value;
    return this.#fc.oneof({ weight: 3, arbitrary: this.#fc.constantFrom(...hints) }, value);
  }

  /** The codes that both the binding and the ConceptMaps allow. */
  #codes(shape: Shape, child: Child): readonly string[] {
    const { binding } = child.element ?? {};
    const bound =
      binding?.strength === 'required' ? this.#options.definitions.valueSet(binding.valueSet) : undefined;
    const translated = this.#options.codes(shape, child);
    if (translated.length > 0) return translated.filter((code) => bound?.has(code) ?? true);
    return bound?.list?.().map(({ code }) => code) ?? [];
  }
}
