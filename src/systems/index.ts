export { type CaseDifference, type CaseResult, runCases, type WatchFolder } from './cases.ts';
export { compileFolder, type FolderMaps, type MapContext, type Model } from './compile-folder.ts';
export type { TransportDependencies } from './connection.ts';
export { type CoverageThresholds, readCoverageThresholds } from './coverage-thresholds.ts';
export { createTransport } from './create-transport.ts';
export { type Fault, printFault } from './fault.ts';
export type { LoadOptions } from './load-system.ts';
export { loadSystems } from './load-systems.ts';
export type { Logger } from './logger.ts';
export type {
  Inbound,
  OutgoingMessage,
  Route,
  SendResult,
  SystemDefinition,
  Transport,
  TransportDefinition,
} from './types.ts';
export { type SystemsWatch, type WatchOptions, watchSystems } from './watch-systems.ts';
