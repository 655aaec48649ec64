import { createHash } from 'node:crypto';
import type { Definitions, SearchParameter } from '../definitions/index.ts';
import type { Resource } from '../resource.ts';
import { type Composite, compileComposite } from './index-composite.ts';
import { compilePath, endTypes, type Found } from './index-path.ts';
import { contentText, narrativeText } from './index-text.ts';

/** Which index table holds the values of a parameter. */
export type IndexTable = 'token' | 'string' | 'date' | 'reference' | 'quantity' | 'component' | 'text';

/** How one search parameter of one resource type is indexed. */
export interface IndexedParameter {
  readonly definition: SearchParameter;
  /** The number that stands for type and code in the index tables. */
  readonly param: number;
  readonly table: IndexTable;
  /** Confines an alias to references to this type: `patient` is `subject` with a Patient in it. */
  readonly only?: string;
  readonly extract: (resource: Resource, emit: (found: Found) => void) => void;
  /** Whether values may be canonicals, which name their target by its `url`. */
  readonly canonical?: boolean;
  /** Of a composite parameter: its components. */
  readonly composite?: Composite;
}

export interface IndexPlan {
  readonly type: string;
  /** Address of this server's FHIR base: references by it are references to what is here. */
  readonly base?: string;
  /** Every parameter that can be searched by, by code. */
  readonly parameters: ReadonlyMap<string, IndexedParameter>;
  /** The parameters that write index rows: without aliases and without what is a column of the resource. */
  readonly written: readonly IndexedParameter[];
  /** Params by whose references the resource is in a patient's compartment. */
  readonly compartment: ReadonlySet<number>;
  /** Stands for the compartment itself in the reference index. */
  readonly compartmentParam: number;
  /** Whether resources of the type belong to a patient at all. */
  readonly inCompartment: boolean;
}

/** Parameters that are columns of the resource row. */
export const COLUMN_PARAMETERS: ReadonlySet<string> = new Set(['_id', '_lastUpdated']);

/** The table that holds the values of a type of parameter; without one it is not searched by. */
export const TABLES: Readonly<Partial<Record<SearchParameter['type'], IndexTable>>> = {
  token: 'token',
  string: 'string',
  date: 'date',
  reference: 'reference',
  uri: 'reference',
  number: 'quantity',
  quantity: 'quantity',
  composite: 'component',
};

/** Parameters of words, which HL7 defines without an expression. */
const TEXTS: ReadonlyMap<string, (resource: Resource) => string> = new Map([
  ['_text', narrativeText],
  ['_content', contentText],
]);

/** Whether resources are found by a parameter; of HL7's, those without an expression are not. */
export function isSearchable({ code, type, expression }: SearchParameter): boolean {
  return TEXTS.has(code) || (TABLES[type] !== undefined && expression !== '');
}

export interface IndexOptions {
  /** Address of this server's FHIR base: references by it are to what is here. */
  readonly base?: string;
  /** Types without `_content`: indexing every word costs more than the rest of a write. */
  readonly wordless?: ReadonlySet<string>;
}

/** Makes index plans, one per resource type, each when it is first needed. */
export function createIndexPlans(
  definitions: Definitions,
  options: IndexOptions = {},
): (type: string) => IndexPlan {
  const plans = new Map<string, IndexPlan>();
  return (type) => {
    const known = plans.get(type);
    if (known) return known;
    const plan = planIndex(type, definitions, options);
    plans.set(type, plan);
    return plan;
  };
}

function planIndex(type: string, definitions: Definitions, { base, wordless }: IndexOptions): IndexPlan {
  const all = definitions.searchParameters(type);
  const parameters = new Map<string, IndexedParameter>();
  for (const [code, definition] of all) {
    if (code === '_content' && wordless?.has(type)) continue;
    const planned = planParameter(type, definition, all, definitions);
    if (planned) parameters.set(code, planned);
  }
  const written = [...parameters.values()].filter(
    (each) => each.only === undefined && !COLUMN_PARAMETERS.has(each.definition.code),
  );
  checkDistinct(type, written);
  const codes = definitions.patientCompartment(type);
  return Object.freeze({
    type,
    ...(base !== undefined && { base }),
    parameters,
    written,
    compartment: new Set(codes.flatMap((code) => parameters.get(code)?.param ?? [])),
    compartmentParam: paramNumber(type, '$compartment'),
    inCompartment: type === 'Patient' || codes.length > 0,
  });
}

function planParameter(
  type: string,
  definition: SearchParameter,
  all: ReadonlyMap<string, SearchParameter>,
  definitions: Definitions,
): IndexedParameter | undefined {
  const words = TEXTS.get(definition.code);
  if (words) return planText(type, definition, words);
  const table = TABLES[definition.type];
  if (!table || definition.expression === '') return undefined;
  if (table === 'component') return planComposite(type, definition, definitions);
  const whole = aliasOf(definition, all);
  const paths = (whole?.definition ?? definition).expression.split(' | ');
  const branches = paths.map((branch) => compilePath(branch, type, definitions));
  const ends = new Set(paths.flatMap((branch) => [...(endTypes(branch, type, definitions) ?? [])]));
  return Object.freeze({
    definition,
    canonical: definition.type === 'reference' && (ends.has('canonical') || ends.has('uri')),
    param: paramNumber(type, whole?.definition.code ?? definition.code),
    table,
    ...(whole && { only: whole.target }),
    extract: (resource: Resource, emit: (found: Found) => void) => {
      for (const branch of branches) branch(resource, emit);
    },
  });
}

function planText(
  type: string,
  definition: SearchParameter,
  words: (resource: Resource) => string,
): IndexedParameter {
  return Object.freeze({
    definition,
    param: paramNumber(type, definition.code),
    table: 'text',
    extract: (resource: Resource, emit: (found: Found) => void) => {
      const value = words(resource);
      if (value !== '') emit({ value, type: 'string' });
    },
  });
}

function planComposite(
  type: string,
  definition: SearchParameter,
  definitions: Definitions,
): IndexedParameter {
  const composite = compileComposite(type, definition, {
    definitions,
    numberOf: (place) => paramNumber(type, `${definition.code}$${place}`),
  });
  const param = composite.components[0]?.param ?? 0;
  return Object.freeze({ definition, param, table: 'component', composite, extract: () => undefined });
}

/** The parameter whose values, confined to one target type, are this one's: it need not be indexed twice. */
function aliasOf(
  definition: SearchParameter,
  all: ReadonlyMap<string, SearchParameter>,
): { readonly definition: SearchParameter; readonly target: string } | undefined {
  const match = /^([\w.]+)\.where\(resolve\(\) is ([A-Z]\w*)\)$/.exec(definition.expression);
  const [, path, target] = match ?? [];
  if (path === undefined || target === undefined || definition.type !== 'reference') return undefined;
  for (const other of all.values()) {
    if (other.type === 'reference' && other.expression === path) return { definition: other, target };
  }
  return undefined;
}

/** A number for a type's parameter: the start of its name's hash, the same on every gateway and in every release. */
function paramNumber(type: string, code: string): number {
  return createHash('sha256').update(`${type}.${code}`).digest().readInt32BE(0);
}

/** The number under which a reference parameter's `:identifier` values are in the token index. */
export function identifierNumber(param: number): number {
  return ~param;
}

/** The number under which the values of typed identifiers are in the token index, for `:of-type`. */
export function ofTypeNumber(param: number): number {
  return param ^ 0x2aaaaaaa;
}

function checkDistinct(type: string, parameters: readonly IndexedParameter[]): void {
  const codes = new Map<number, string>();
  for (const { definition, ...parameter } of parameters) {
    for (const number of numbersOf(parameter)) {
      const other = codes.get(number);
      if (other !== undefined) {
        throw new Error(
          `The search parameters ${other} and ${definition.code} of ${type} share an index number.`,
        );
      }
      codes.set(number, definition.code);
    }
  }
}

/** All numbers under which the values of a parameter are in the index. */
export function numbersOf({
  param,
  composite,
}: Pick<IndexedParameter, 'param' | 'composite'>): readonly number[] {
  if (composite) return composite.components.map((each) => each.param);
  return [param, identifierNumber(param), ofTypeNumber(param)];
}
