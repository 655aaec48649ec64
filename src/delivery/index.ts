export type { MayDisclose } from './check-disclosure.ts';
export { createDelivery, type Delivery, type DeliveryOptions } from './create-delivery.ts';
export { createBullDispatcher } from './dispatch-bull.ts';
export { createInProcessDispatcher } from './dispatch-in-process.ts';
export { loggable } from './loggable.ts';
export type { DeliveryPage, DeliveryStats, Operations } from './operations.ts';
export { createPathwayReaction, createReactions, type ReactionSources } from './reactions.ts';
export { createScoreReaction } from './score-reaction.ts';
export type { Subscribers } from './subscription/subscribers.ts';
export {
  type Change,
  DEFAULT_LIMITS,
  type DeliveryHandler,
  type DeliveryLimits,
  type Dispatcher,
  type Effect,
  type Logger,
  type Reaction,
  type ReactionTools,
} from './types.ts';
