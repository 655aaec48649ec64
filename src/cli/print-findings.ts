/** Findings as lines `file:line:col: severity code message (expression)`. */
import type { Issue } from '../outcome.ts';
import { locate, type Place, type PlacedNode } from './locate-issue.ts';
import { placeJson } from './locate-json.ts';
import { placeXml } from './locate-xml.ts';

/** What all files came to. */
export interface Total {
  files: number;
  invalid: number;
  errors: number;
  warnings: number;
}

export function countFindings(total: Total, issues: readonly Issue[]): void {
  const errors = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal').length;
  total.files++;
  total.errors += errors;
  total.warnings += issues.filter(({ severity }) => severity === 'warning').length;
  if (errors > 0) total.invalid++;
}

/** A fault of the text itself says where it is. */
const OWN_PLACE = /^(\d+):(\d+): ([\s\S]*)$/;

/** Prints every finding with the place of its element in the text. */
export function printFindings(name: string, text: string, issues: readonly Issue[]): void {
  let root: PlacedNode | undefined;
  const placeOf = (expression: string): Place => {
    root ??= /^\ufeff?\s*</.test(text) ? placeXml(text) : placeJson(text);
    return locate(root, expression);
  };
  for (const { severity, code, diagnostics, expression = [] } of issues) {
    const [, line, column, rest] = OWN_PLACE.exec(diagnostics) ?? [];
    const [first] = expression;
    const place = line ? { line, column } : first === undefined ? { line: 1, column: 1 } : placeOf(first);
    const where = expression.length > 0 ? ` (${expression.join(', ')})` : '';
    process.stdout.write(
      `${name}:${place.line}:${place.column}: ${severity} ${code} ${rest ?? diagnostics}${where}\n`,
    );
  }
}
