export { type CompileOptions, compileMap, findProblems } from './compile/compile-map.ts';
export { parseMap } from './language/parse-map.ts';
export { toStructureMap } from './structure-map/to-structure-map.ts';
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
