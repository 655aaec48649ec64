export { type Acceptance, accept, proposeAcceptance } from './accept-case.ts';
export { type CaseResult, runCases, runEntry, runFolder, type WatchFolder } from './cases.ts';
export { checkFolder, type FolderCheck } from './check-folder.ts';
export { compileFolder, type FolderMaps, type MapContext, type Model } from './compile-folder.ts';
export type { TransportDependencies } from './connection.ts';
export { type CoverageThresholds, readCoverageThresholds } from './coverage-thresholds.ts';
export { createTransport } from './create-transport.ts';
export { type Fault, printFault } from './fault.ts';
export { FolderMemories } from './folder-memory.ts';
export type { CaseDifference } from './judge-case.ts';
export type { LoadOptions } from './load-system.ts';
export { loadSystems } from './load-systems.ts';
export type { Logger } from './logger.ts';
export { type MutationReport, mutateCases, type Survivor } from './mutate-cases.ts';
export { type CaseEntry, type CaseFolder, openCases } from './open-cases.ts';
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
