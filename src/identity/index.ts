export { checkClients, readClients } from './clients.ts';
export { createIdentity, type IdentityParts } from './create-identity.ts';
export { type IssuerProfileInput, readIssuerProfile } from './issuer-profile.ts';
export { generateKeys, type Keys, loadKeys, readKeys } from './keys.ts';
export { checkLocalPath } from './local-path.ts';
export { formatScope, parseScope, parseScopes } from './scopes.ts';
export type {
  ClientRegistration,
  Credentials,
  Identity,
  IdentityConfig,
  IssuerProfile,
  Locale,
  SmartConfiguration,
  WebSession,
} from './types.ts';
