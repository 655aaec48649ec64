export { createWeb } from './create-web.ts';
export type {
  ConsoleDelivery,
  ConsoleOperations,
  Operator,
  PageSession,
  PageStore,
  WebOptions,
} from './types.ts';
