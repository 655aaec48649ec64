export type { Codec } from './codecs/codec.ts';
export {
  type CodecOptions,
  createCodec,
  detectFormat,
  FORMATS,
  type Format,
} from './codecs/create-codec.ts';
export { type CsvOptions, createCsvCodec } from './codecs/csv.ts';
export { decodeText } from './codecs/decode-text.ts';
export { createFhirXml, type FhirXml, type XmlFault } from './codecs/fhir-xml.ts';
export { createHl7v2Codec, type Hl7v2Options } from './codecs/hl7v2.ts';
export { json } from './codecs/json.ts';
export { elementsOf, readXml, type XmlElement } from './codecs/xml/read-xml.ts';
export { createXmlCodec, type XmlOptions } from './codecs/xml.ts';
export { type CompileOptions, compileMap, findProblems } from './compile/compile-map.ts';
export { parseMap } from './language/parse-map.ts';
export { printMap } from './language/print-map.ts';
export { toConceptMap } from './structure-map/concept-map.ts';
export { findModelUrl } from './structure-map/find-model-url.ts';
export { fromStructureMap } from './structure-map/from-structure-map.ts';
export { toR5 } from './structure-map/to-r5.ts';
export { toStructureMap } from './structure-map/to-structure-map.ts';
export { type CheckOptions, checkMap } from './tools/check/check-map.ts';
export { type Coverage, createCoverage, type MapCoverage } from './tools/coverage.ts';
export { type Difference, diffValues } from './tools/diff-values.ts';
export {
  type CoverageParts,
  countCoverage,
  type FileCoverage,
  listMisses,
  percentOf,
} from './tools/file-coverage.ts';
export { type Field, listFields } from './tools/list-fields.ts';
export {
  type ConceptMapMutant,
  listConceptMapMutants,
  listMutants,
  type Mutant,
} from './tools/list-mutants.ts';
export { escapeHtml, printCoveragePage, printPage } from './tools/print-coverage-page.ts';
export { type CoverageLine, printCoverageTable } from './tools/print-coverage-table.ts';
export { printDebugTrace } from './tools/print-debug-trace.ts';
export { printFieldTable } from './tools/print-field-table.ts';
export { printLcov } from './tools/print-lcov.ts';
export { pairLeaves } from './tools/round-trip/compare-leaves.ts';
export {
  type ElementFate,
  findPairs,
  type MapPair,
  type RoundTrip,
  runRoundTrip,
} from './tools/round-trip/round-trip.ts';
export { type CaseDifference, type CaseResult, type MapCase, runCase } from './tools/run-case.ts';
export { type ConformanceResult, runConformance } from './tools/run-conformance.ts';
export type { MapTree } from './tree.ts';
export {
  type CompiledMap,
  formatDiagnostic,
  MapCompileError,
  type MapDiagnostic,
  type MapEnvironment,
  type MapObserver,
  MappingError,
  type Position,
  type TraceLine,
} from './types.ts';
