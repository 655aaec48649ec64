export { createExportStore } from './create-export-store.ts';
export { createStore } from './create-store.ts';
export { type Database, openDatabase, type Queryable, type Row } from './database.ts';
export { type DateRange, dateRange } from './date-range.ts';
export {
  type ClaimedChange,
  claimChanges,
  countUnhandled,
  markHandled,
  readChange,
} from './delivery-changes.ts';
export {
  claimEffect,
  claimFailedReaction,
  clearFailedReaction,
  type FailedReaction,
  listFailedReactions,
  recordFailedReaction,
  retryFailedReaction,
} from './delivery-effects.ts';
export {
  eraseRawCopies,
  findInbound,
  type InboundMessage,
  keepInbound,
  listInbound,
  type NewInboundMessage,
  readInbound,
} from './delivery-inbound.ts';
export {
  countDeliveries,
  type DeliveryCount,
  type DeliveryFilter,
  type DeliveryRow,
  type DeliveryState,
  lockForRetry,
  makeDue,
  makeSystemDue,
  selectDeliveries,
  selectDelivery,
} from './delivery-list.ts';
export {
  buryDelivery,
  type ClaimedDelivery,
  claimDelivery,
  countDue,
  insertDeliveries,
  type NewDelivery,
  type Offer,
  offerNext,
  postponeDelivery,
  readDelay,
  settleDelivery,
  sweepDeliveries,
} from './delivery-rows.ts';
export { inSavepoint } from './delivery-savepoint.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
export type * from './export-types.ts';
export {
  findAnswer,
  type IdempotentAnswer,
  type IdempotentRequest,
  keepAnswer,
} from './idempotent-answers.ts';
export {
  createOauthArtifactStore,
  type OauthArtifact,
  type OauthArtifactStore,
} from './identity-artifacts.ts';
export { type Acting, createMandateStore, type MandateStore } from './identity-mandates.ts';
export {
  createSessionStore,
  type PendingSignIn,
  type SessionStore,
  type StoredWebSession,
} from './identity-sessions.ts';
export { isSearchable } from './index-plan.ts';
export { type Migration, migrate, readMigrations } from './migrate.ts';
export { type ReindexProgress, type ReindexQuery, reindex } from './reindex.ts';
export { chooseVersion } from './resolve-canonical.ts';
export { createRevokedTokenStore, type RevokedTokenStore } from './revoked-tokens.ts';
export { GENERAL_CODES, searchModifiers, searchPrefixes } from './search-parameter.ts';
export { CONTROL_PARAMETERS } from './search-steering.ts';
export type { SearchTerminology } from './search-terminology.ts';
export {
  countEvents,
  countSubscriptions,
  dropSubscription,
  listSubscriptions,
  numberEvents,
  type ServedSubscription,
  serveSubscription,
} from './subscriptions.ts';
export type { Transaction } from './transaction.ts';
export type * from './types.ts';
export { writeAudit } from './write-audit.ts';
