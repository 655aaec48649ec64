/**
 * CSV by a logical model: one repeating element whose own elements are the columns. A header names them in any order;
 * without one they stand in the order of the model.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
import type { Definitions, Structure } from '../../definitions/index.ts';
import { createModels, type Models, type Shape, typeName } from '../compile/model.ts';
import { CastFailure, castPrimitive } from '../compile/primitive.ts';
import { didYouMean } from '../suggestion.ts';
import { MappingError } from '../types.ts';
import type { Codec } from './codec.ts';
import { type Column, planTable, type Table } from './csv/columns.ts';
import { type Cell, type CsvSyntax, findDelimiter, readRows } from './csv/read-rows.ts';
import { writeRow } from './csv/write-row.ts';
import { positionAt } from './position-at.ts';

export interface CsvOptions {
  readonly definitions: Definitions;
  /** Logical models, e.g. of a connected system. */
  readonly models?: readonly Structure[];
  /** The model of the file, by URL or name. */
  readonly type: string;
  /** Absent: the one of `,` `;` tab and `|` that the first line has most of; a comma is written. */
  readonly delimiter?: string;
  /** Decimal sign of numbers; a point when nothing is said. */
  readonly decimal?: '.' | ',';
  /** Whether the first row names the columns; it does when nothing is said. */
  readonly header?: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Makes the codec of CSV files. An empty cell is a value that is not there.
 *
 * `parse` throws a MappingError with line and column: an open quote, a row of another length, an unknown or missing
 * column, a value that is not of its column's type; `print` throws one that names the element.
 * @throws Error when `type` is not known or is not the model of a table
 */
export function createCsvCodec(options: CsvOptions): Codec {
  const models: Models = createModels(options.definitions, options.models ?? []);
  const shape = models.find(options.type);
  if (!shape) throw new Error(`The model ${options.type} is not known.`);
  const table = planTable(models, shape);
  return {
    parse: (text, file) => parseTable(text, file, table, options),
    print: (value) => printTable(value, table, options, shape),
  };
}

function parseTable(given: string, file: string, table: Table, options: CsvOptions): Json {
  const text = given.startsWith('\ufeff') ? given.slice(1) : given;
  const syntax: CsvSyntax = { text, file, delimiter: options.delimiter ?? findDelimiter(text) };
  const rows = readRows(syntax);
  const hasHeader = options.header ?? true;
  const columns = hasHeader ? orderColumns(rows.next().value ?? [], table, syntax) : table.columns;
  const found: Json[] = [];
  for (const cells of rows) found.push(parseRow(cells, columns, syntax, options.decimal ?? '.'));
  return found.length > 0 ? { [table.key]: found } : {};
}

function refuse(syntax: CsvSyntax, offset: number, message: string, suggestion?: string): never {
  const position = positionAt(syntax.text, offset, syntax.file);
  throw new MappingError(position, suggestion === undefined ? message : `${message} (${suggestion})`);
}

function orderColumns(cells: readonly Cell[], table: Table, syntax: CsvSyntax): readonly Column[] {
  const known = table.columns.map((each) => each.header);
  const columns = cells.map(({ text, offset }, index) => {
    const name = text.trim();
    const column = table.columns.find((each) => each.header === name);
    if (cells.findIndex((each) => each.text.trim() === name) < index)
      refuse(syntax, offset, `the column '${name}' is there a second time`);
    return (
      column ??
      refuse(syntax, offset, `the column '${name}' is not known`, didYouMean(name, known).suggestion)
    );
  });
  const missing = table.columns.find((each) => each.isRequired && !columns.includes(each));
  if (missing) refuse(syntax, 0, `the column '${missing.header}' is missing`);
  return columns;
}

function parseRow(
  cells: readonly Cell[],
  columns: readonly Column[],
  syntax: CsvSyntax,
  decimal: '.' | ',',
): Json {
  if (cells.length !== columns.length)
    refuse(syntax, cells[0]?.offset ?? 0, `this row has ${cells.length} cells instead of ${columns.length}`);
  const row: Record<string, unknown> = {};
  for (const [index, { text, offset }] of cells.entries()) {
    const column = columns[index];
    if (!column || text === '') continue;
    try {
      row[column.key] = readCell(text, column, decimal);
    } catch (error) {
      if (!(error instanceof CastFailure)) throw error;
      refuse(syntax, offset, `the column '${column.header}' holds ${error.message}`);
    }
  }
  return row;
}

function readCell(text: string, column: Column, decimal: '.' | ','): unknown {
  if (column.type === 'string') return text;
  if (column.type !== 'decimal' || decimal === '.') return castPrimitive(text, column.type);
  if (text.includes('.')) throw new CastFailure('a text that is not a valid decimal');
  return castPrimitive(text.replace(',', '.'), 'decimal');
}

function printTable(value: unknown, table: Table, options: CsvOptions, shape: Shape): string {
  const { delimiter = ',', decimal = '.', header = true } = options;
  const path = typeName(shape);
  const rows = rowsOf(value, table, path);
  const lines = header
    ? [
        writeRow(
          table.columns.map((each) => each.header),
          delimiter,
        ),
      ]
    : [];
  for (const [index, row] of rows.entries())
    lines.push(writeRow(cellsOf(row, table, decimal, `${path}.${table.key}[${index}]`), delimiter));
  return lines.join('');
}

function refuseValue(path: string, message: string): never {
  throw new MappingError({ file: 'output', line: 1, column: 1 }, `${path}: ${message}`);
}

function objectAt(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  return refuseValue(path, 'an object is wanted here');
}

function rowsOf(value: unknown, table: Table, path: string): readonly unknown[] {
  const { [table.key]: rows = [], ...others } = objectAt(value, path);
  for (const key in others) refuseValue(`${path}.${key}`, 'the model has no such element');
  return Array.isArray(rows) ? rows : refuseValue(`${path}.${table.key}`, 'a list is wanted here');
}

function cellsOf(value: unknown, table: Table, decimal: string, path: string): readonly string[] {
  const row = objectAt(value, path);
  for (const key in row)
    if (!table.columns.some((each) => each.key === key))
      refuseValue(`${path}.${key}`, 'there is no such column');
  return table.columns.map(({ key, type }) => {
    const cell = row[key];
    if (cell === undefined) return '';
    if (cell === null || typeof cell === 'object' || cell === '')
      refuseValue(`${path}.${key}`, 'a value is wanted here');
    return type === 'decimal' ? String(cell).replace('.', decimal) : String(cell);
  });
}
