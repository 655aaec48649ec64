/** Each subscription is a system of its own to the deliveries: with an order, a breaker and dead letters of its own. */
const PREFIX = 'Subscription/';

export const isSubscription = (system: string): boolean => system.startsWith(PREFIX);
export const nameOfSubscription = (id: string): string => `${PREFIX}${id}`;
export const subscriptionOf = (system: string): string => system.slice(PREFIX.length);

/** Routes of a subscription. */
export const ACTIVATE = 'activate';
export const NOTIFY = 'rest-hook';
