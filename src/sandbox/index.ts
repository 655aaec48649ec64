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
export { type BrokerStyle, CLAIMS as SUOMIFI_CLAIMS } from './suomifi/broker-style.ts';
export { type Browser, createBrowser, type Page } from './suomifi/browser.ts';
export {
  createSuomifiSandbox,
  type SuomifiSandbox,
  type SuomifiSandboxOptions,
} from './suomifi/create-suomifi-sandbox.ts';
export { TEST_PERSONS, type TestPerson } from './suomifi/persons.ts';
export { TEST_ACR } from './suomifi/provider.ts';
export type { Quirk } from './suomifi/quirk.ts';
export { choosePerson, signIn } from './suomifi/sign-in.ts';
export {
  type LaunchRequest,
  type LaunchResult,
  launchStandalone,
  requestBackendToken,
  type SmartCredentials,
} from './suomifi/smart-client.ts';
export type { SandboxDependencies } from './types.ts';
export {
  createValtuudetStandIn,
  type Right,
  type ValtuudetStandIn,
  type ValtuudetStandInOptions,
} from './valtuudet/create-valtuudet-stand-in.ts';
