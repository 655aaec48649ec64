export { buildDefinitions } from './build-definitions.ts';
export { compileStructure } from './compile-structure.ts';
export { loadDefinitions, openDefinitions } from './load-definitions.ts';
export type { PublishedType } from './published-file.ts';
export type {
  Constraint,
  Definitions,
  Element,
  ExtensionContext,
  SearchParameter,
  SearchType,
  Structure,
  ValueSetCodes,
} from './types.ts';
