/** Rows of composite parameters' components: each value with the element it is of. */
import { toTimestamp } from './date-range.ts';
import type { Component } from './index-composite.ts';
import type { Found } from './index-path.ts';
import {
  dateValues,
  foldText,
  indexText,
  quantityValues,
  referenceValues,
  stringValues,
  tokenValues,
} from './index-values.ts';

/** One row of `search_component`; the columns of a kind are those of its own index table. */
export type ComponentRow = Readonly<Record<string, string | number | undefined>>;

const short = (text: string | undefined): string | undefined => text && indexText(text);

/** @param base address of this server's FHIR base */
export function componentRows(
  { kind, param }: Component,
  place: { readonly row: number; readonly element: number },
  found: Found,
  base: string | undefined,
): ComponentRow[] {
  return [...columnsOf(kind, found, base)].map((columns) => ({ ...place, param, ...columns }));
}

function* columnsOf(
  kind: Component['kind'],
  found: Found,
  base: string | undefined,
): Generator<ComponentRow> {
  switch (kind) {
    case 'token':
      for (const { system, code } of tokenValues(found))
        yield { system: short(system), code: indexText(code) };
      break;
    case 'string':
      for (const text of stringValues(found))
        yield { value: foldText(text), exact: text.replaceAll('\u0000', '') };
      break;
    case 'date':
      for (const { low, high } of dateValues(found))
        yield { since: toTimestamp(low), until: toTimestamp(high) };
      break;
    case 'number':
    case 'quantity':
      for (const { low, high, ...unit } of quantityValues(found)) {
        yield { low, high, system: short(unit.system), code: short(unit.code), unit: short(unit.unit) };
      }
      break;
    case 'reference':
    case 'uri':
      for (const { type, id, url, version } of referenceValues(found, base)) {
        yield { target_type: type, target_id: id, url, version };
      }
  }
}
