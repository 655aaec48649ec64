/**
 * StructureMaps as FHIR Mapping Language, `text/fhir-mapping`, in and out.
 * @see https://build.fhir.org/mapping-language.html
 */
import { fromStructureMap, parseMap, printMap, toStructureMap } from '../mapping/index.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';

/**
 * The StructureMap that a text stands for.
 * @throws SiltaError `invalid-request` with every fault of the text by line and column
 */
export function parseMappingText(text: string): Resource {
  if (text.trim() === '') throw new SiltaError('invalid-request', 'The body is empty; a map is expected.');
  const { map, diagnostics } = parseMap(text, 'body');
  const errors = diagnostics.filter((each) => each.severity === 'error');
  if (map && errors.length === 0) return toStructureMap(map) as unknown as Resource;
  throw new SiltaError('invalid-request', 'The body is not FHIR Mapping Language.', {
    issues: errors.map(({ line, column, message, suggestion }) => ({
      severity: 'error',
      code: 'structure',
      diagnostics: `${line}:${column}: ${message}${suggestion === undefined ? '' : ` (${suggestion})`}`,
    })),
  });
}

/**
 * A StructureMap as text; what the language cannot say (narrative, for one) is left out.
 * @throws SiltaError `not-acceptable` for what is no StructureMap or none that can be written so
 */
export function printMappingText(resource: unknown): string {
  const { map, diagnostics } = fromStructureMap(resource, 'stored');
  if (map && diagnostics.every((each) => each.severity !== 'error')) return printMap(map);
  throw new SiltaError(
    'not-acceptable',
    'Only a StructureMap can be answered as FHIR Mapping Language; ask for application/fhir+json.',
  );
}
