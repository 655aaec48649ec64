export { type C4cStandIn, type C4cStandInOptions, createC4cStandIn } from './c4c/create-c4c-stand-in.ts';
export type { Gateway } from './c4c/notify-gateway.ts';
export type { Ticket } from './c4c/tickets.ts';
export type { Mode } from './fault-control.ts';
export {
  createLifecareStandIn,
  type LifecareStandIn,
  type LifecareStandInOptions,
  type StoredDocument,
} from './lifecare/create-lifecare-stand-in.ts';
export type { SandboxDependencies } from './types.ts';
