export { type CaseDifference, type CaseResult, runCases } from './cases.ts';
export { compileFolder, type FolderMaps, type MapContext, type Model } from './compile-folder.ts';
export type { TransportDependencies } from './connection.ts';
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
