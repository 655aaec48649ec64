import type { Resource } from '../../resource.ts';
import { listSubscriptions, type Queryable } from '../../store/index.ts';
import { type HookSubscription, readSubscription } from '../../subscription.ts';
import type { Logger } from '../types.ts';
import { nameOfSubscription } from './names.ts';

/**
 * The subscriptions that are served, as one gateway knows them: never from longer ago than the given age, so that a
 * change of a type nobody subscribes to costs no question. A subscription becomes active only after twice that age.
 */
export interface KnownSubscriptions {
  /** Those with criteria on a type. */
  of(sql: Queryable, type: string): Promise<readonly HookSubscription[]>;
  /** Asks the database if what is known is too old. */
  refresh(sql: Queryable): Promise<void>;
  /** Names of their deliveries, as last asked for. */
  names(): readonly string[];
  /** Asks the database the next time, whatever the age. */
  forget(): void;
}

export function createKnownSubscriptions(maxAgeMs: number, logger: Logger): KnownSubscriptions {
  let byType: ReadonlyMap<string, readonly HookSubscription[]> = new Map();
  let names: readonly string[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  const refresh = async (sql: Queryable): Promise<void> => {
    const now = performance.now();
    if (now - askedAt < maxAgeMs) return;
    const served = (await listSubscriptions(sql)).flatMap(({ id, content }) => {
      try {
        return [readSubscription(JSON.parse(content) as Resource)];
      } catch {
        logger.warn({ subscription: id }, 'subscription cannot be served');
        return [];
      }
    });
    byType = groupByType(served);
    names = served.map(({ id }) => nameOfSubscription(id));
    askedAt = now;
  };
  return {
    refresh,
    async of(sql, type) {
      await refresh(sql);
      return byType.get(type) ?? [];
    },
    names: () => names,
    forget() {
      askedAt = Number.NEGATIVE_INFINITY;
    },
  };
}

function groupByType(served: readonly HookSubscription[]): ReadonlyMap<string, readonly HookSubscription[]> {
  const types = new Set(served.map(({ type }) => type));
  return new Map([...types].map((type) => [type, served.filter((each) => each.type === type)]));
}
