/** CSV text → rows of cells. */
import { MappingError } from '../../types.ts';
import { positionAt } from '../position-at.ts';

export interface CsvSyntax {
  readonly text: string;
  readonly file: string;
  readonly delimiter: string;
}

export interface Cell {
  readonly text: string;
  /** Where it starts in the text. */
  readonly offset: number;
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The delimiter that the first line has most of. */
export function findDelimiter(text: string): string {
  const line =
    text
      .slice(0, 100_000)
      .replace(/"[^"]*"/g, '')
      .split(/[\r\n]/, 1)[0] ?? '';
  const count = (delimiter: string): number => line.split(delimiter).length;
  return DELIMITERS.reduce((best, each) => (count(each) > count(best) ? each : best), ',');
}

/**
 * Goes through the rows; lines with nothing at all are left out.
 *
 * @throws MappingError for a quote that is not closed or stands where none can
 */
export function* readRows(syntax: CsvSyntax): Generator<readonly Cell[], undefined> {
  const { text, delimiter } = syntax;
  let offset = 0;
  while (offset < text.length) {
    const cells: Cell[] = [];
    for (;;) {
      const end = text[offset] === '"' ? endOfQuoted(syntax, offset) : endOfPlain(syntax, offset);
      const raw = text.slice(offset, end);
      cells.push({ text: raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw, offset });
      offset = end + 1;
      if (text[end] !== delimiter) {
        if (text[end] === '\r' && text[end + 1] === '\n') offset += 1;
        if (cells.length > 1 || raw !== '') yield cells;
        break;
      }
    }
  }
}

function isEnd(syntax: CsvSyntax, offset: number): boolean {
  const character = syntax.text[offset];
  return (
    character === undefined || character === syntax.delimiter || character === '\n' || character === '\r'
  );
}

function endOfPlain(syntax: CsvSyntax, start: number): number {
  let end = start;
  while (!isEnd(syntax, end)) {
    if (syntax.text[end] === '"') refuse(syntax, end, 'a quote can only stand around a whole cell');
    end += 1;
  }
  return end;
}

function endOfQuoted(syntax: CsvSyntax, start: number): number {
  for (let at = start + 1; ; at += 2) {
    at = syntax.text.indexOf('"', at);
    if (at < 0) return refuse(syntax, start, 'this quote is not closed');
    if (syntax.text[at + 1] === '"') continue;
    if (isEnd(syntax, at + 1)) return at + 1;
    return refuse(syntax, at + 1, 'there is something behind the closing quote');
  }
}

function refuse(syntax: CsvSyntax, offset: number, message: string): never {
  throw new MappingError(positionAt(syntax.text, offset, syntax.file), `not CSV: ${message}`);
}
