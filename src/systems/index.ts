export type { TransportDependencies } from './connection.ts';
export { createTransport } from './create-transport.ts';
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
