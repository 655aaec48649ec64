export { checkClients, readClients } from './clients.ts';
export { createIdentity, type IdentityParts } from './create-identity.ts';
export { type IssuerProfileInput, readIssuerProfile } from './issuer-profile.ts';
export { generateKeys, KEY_SETS, type Keys, loadKeys, readKeys } from './keys.ts';
export { loadIssuerProfile, readPresets } from './load-issuer-profile.ts';
export { checkLocalPath } from './local-path.ts';
export { readMandateSettings } from './mandates/mandate-settings.ts';
export { type ListedKey, listKeys, pruneKeys, rotateKeys } from './rotate-keys.ts';
export { formatScope, narrowScopes, parseScope, parseScopes } from './scopes.ts';
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
