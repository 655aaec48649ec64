import { SECTOR_SYSTEM } from '../principal.ts';
import type { Resource } from '../resource.ts';
import { toTimestamp } from './date-range.ts';
import { type ComponentRow, componentRows } from './index-component.ts';
import type { Found } from './index-path.ts';
import { type IndexedParameter, type IndexPlan, identifierNumber, ofTypeNumber } from './index-plan.ts';
import {
  dateValues,
  foldText,
  identifierValues,
  indexText,
  quantityValues,
  referenceValues,
  stringValues,
  type TokenValue,
  tokenTexts,
  tokenValues,
  typedIdentifiers,
} from './index-values.ts';

/** Index rows of a batch of writes, as columns: that is how the write statement takes them. */
export interface IndexColumns {
  readonly token: readonly [row: number[], param: number[], system: (string | null)[], code: string[]];
  readonly string: readonly [row: number[], param: number[], value: string[], exact: string[]];
  readonly date: readonly [row: number[], param: number[], low: string[], high: string[]];
  readonly reference: readonly [
    row: number[],
    param: number[],
    type: (string | null)[],
    id: (string | null)[],
    url: (string | null)[],
    version: (string | null)[],
  ];
  readonly quantity: readonly [
    row: number[],
    param: number[],
    low: string[],
    high: string[],
    system: (string | null)[],
    code: (string | null)[],
    unit: (string | null)[],
  ];
  /** What few resources have. */
  readonly component: ComponentRow[];
  readonly text: { readonly row: number; readonly param: number; readonly words: string }[];
}

export function emptyIndexColumns(): IndexColumns {
  return {
    token: [[], [], [], []],
    string: [[], [], [], []],
    date: [[], [], [], []],
    reference: [[], [], [], [], [], []],
    quantity: [[], [], [], [], [], [], []],
    component: [],
    text: [],
  };
}

/**
 * Adds a resource's index rows.
 * @param row place of the write in its batch, from 1
 * @returns the patients whose compartments the resource is in
 */
export function indexResource(
  resource: Resource & { readonly id: string },
  plan: IndexPlan,
  row: number,
  columns: IndexColumns,
): string[] {
  const patients = indexParameters(resource, { plan, parameters: plan.written }, row, columns);
  if (plan.type === 'Patient') patients.add(resource.id);
  for (const patient of patients) {
    push(columns.reference, [row, plan.compartmentParam, 'Patient', patient, null, null]);
  }
  return [...patients];
}

/**
 * Adds a resource's index rows of some parameters, without those of its compartments.
 * @returns the patients whose compartments these parameters place it in
 */
export function indexParameters(
  resource: Resource,
  { plan, parameters }: { readonly plan: IndexPlan; readonly parameters: readonly IndexedParameter[] },
  row: number,
  columns: IndexColumns,
): Set<string> {
  const patients = new Set<string>();
  for (const parameter of parameters) {
    const seen = new Set<string>();
    parameter.extract(resource, (found) =>
      addValues({ parameter, plan, row, columns, patients, seen }, found),
    );
    parameter.composite?.extract(resource, (component, element, found) => {
      columns.component.push(...componentRows(component, { row, element }, found, plan.base));
    });
  }
  return patients;
}

interface Adding {
  readonly parameter: IndexedParameter;
  readonly plan: IndexPlan;
  readonly row: number;
  readonly columns: IndexColumns;
  readonly patients: Set<string>;
  /** Rows that this parameter has added already. */
  readonly seen: Set<string>;
}

function addValues(adding: Adding, found: Found): void {
  switch (adding.parameter.table) {
    case 'token':
      addTokens(adding, found);
      break;
    case 'string':
      for (const text of stringValues(found)) addString(adding, text);
      break;
    case 'date':
      for (const { low, high } of dateValues(found))
        addRow(adding, 'date', [toTimestamp(low), toTimestamp(high)]);
      break;
    case 'reference':
      addReferences(adding, found);
      break;
    case 'quantity':
      for (const { low, high, system, code, unit } of quantityValues(found)) {
        addRow(adding, 'quantity', [low, high, short(system), short(code), short(unit)]);
      }
      break;
    case 'text':
      adding.columns.text.push({
        row: adding.row,
        param: adding.parameter.param,
        words: String(found.value),
      });
      break;
  }
}

const short = (text: string | undefined): string | null => (text === undefined ? null : indexText(text));

function addTokens(adding: Adding, found: Found): void {
  const { param } = adding.parameter;
  for (const value of tokenValues(found)) addToken(adding, param, value);
  for (const value of typedIdentifiers(found)) addToken(adding, ofTypeNumber(param), value);
  for (const text of tokenTexts(found)) addString(adding, text);
}

function addToken(adding: Adding, param: number, { system, code }: TokenValue): void {
  // The sector is a column of the resource.
  if (system === SECTOR_SYSTEM && adding.parameter.definition.code === '_security') return;
  addRow(adding, 'token', [short(system), indexText(code)], param);
}

function addString(adding: Adding, text: string): void {
  addRow(adding, 'string', [foldText(text), text.replaceAll('\u0000', '')]);
}

function addReferences(adding: Adding, found: Found): void {
  const { param } = adding.parameter;
  for (const { type, id, url, version } of referenceValues(found, adding.plan.base)) {
    if (type === 'Patient' && id !== undefined && isCompartment(adding)) adding.patients.add(id);
    addRow(adding, 'reference', [type ?? null, id ?? null, url ?? null, version ?? null]);
  }
  for (const value of identifierValues(found)) addToken(adding, identifierNumber(param), value);
}

// A Patient's links are other records, not other members of its compartment.
const isCompartment = ({ plan, parameter }: Adding): boolean =>
  plan.type !== 'Patient' && plan.compartment.has(parameter.param);

type Columns = Exclude<keyof IndexColumns, 'component' | 'text'>;

function addRow<T extends Columns>(
  adding: Adding,
  table: T,
  values: readonly (string | null)[],
  param: number = adding.parameter.param,
): void {
  const key = `${param}\u0000${values.join('\u0000')}`;
  if (adding.seen.has(key)) return;
  adding.seen.add(key);
  push(adding.columns[table], [adding.row, param, ...values]);
}

function push(columns: IndexColumns[Columns], values: readonly (string | number | null)[]): void {
  columns.forEach((column, place) => {
    (column as (string | number | null)[]).push(values[place] ?? null);
  });
}
