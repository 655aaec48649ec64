/** What people do with deliveries: look, retry, replay. Used by the admin routes and the command line alike. */
import { SiltaError } from '../outcome.ts';
import {
  countDeliveries,
  countUnhandled,
  type Database,
  type DeliveryCount,
  type DeliveryFilter,
  type DeliveryRow,
  type FailedReaction,
  type InboundMessage,
  listFailedReactions,
  listInbound,
  lockForRetry,
  makeDue,
  makeSystemDue,
  retryFailedReaction,
  selectDeliveries,
  selectDelivery,
} from '../store/index.ts';
import type { Breakers } from './breakers.ts';

export interface DeliveryPage {
  readonly deliveries: readonly DeliveryRow[];
  /** `before` of the next page; absent on the last one. */
  readonly next?: number;
}

export interface DeliveryStats {
  readonly changes: { readonly unhandled: number; readonly oldestSeconds: number };
  readonly deliveries: readonly (DeliveryCount & { readonly breaker: 'closed' | 'half-open' | 'open' })[];
}

export interface Operations {
  /** Newest first; at most 1,000 a page. */
  listDeliveries(
    filter: Omit<DeliveryFilter, 'limit'> & { readonly limit?: number | undefined },
  ): Promise<DeliveryPage>;
  /** @throws SiltaError `not-found` */
  showDelivery(id: string): Promise<DeliveryRow>;
  /** @throws SiltaError `not-found`; `conflict` when it was sent, is being sent, or a newer version has arrived */
  retryDelivery(id: string): Promise<void>;
  /** Retries every dead delivery of a system. Returns how many. */
  retrySystem(system: string): Promise<number>;
  stats(): Promise<DeliveryStats>;
  listFailedReactions(state: 'waiting' | 'dead', limit?: number): Promise<readonly FailedReaction[]>;
  /** @throws SiltaError `not-found` */
  retryReaction(changeSeq: number, reaction: string): Promise<void>;
  listInbound(state: 'done' | 'dead', limit?: number): Promise<readonly InboundMessage[]>;
}

const PAGE = 50;
const LARGEST_PAGE = 1_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const pageSize = (limit: number | undefined) => Math.max(1, Math.min(limit ?? PAGE, LARGEST_PAGE));

/** @param wake told when something was made due */
export function createOperations(database: Database, breakers: Breakers, wake: () => void): Operations {
  return {
    async listDeliveries(filter) {
      const limit = pageSize(filter.limit);
      const rows = await selectDeliveries(database, { ...filter, limit: limit + 1 });
      const deliveries = rows.slice(0, limit);
      const last = deliveries.at(-1);
      return rows.length > limit && last ? { deliveries, next: last.seq } : { deliveries };
    },
    async showDelivery(id) {
      const row = UUID.test(id) ? await selectDelivery(database, id) : undefined;
      if (!row) throw unknownDelivery();
      return row;
    },
    async retryDelivery(id) {
      if (!UUID.test(id)) throw unknownDelivery();
      await retry(database, id);
      wake();
    },
    async retrySystem(system) {
      const ids = await makeSystemDue(database, system);
      wake();
      return ids.length;
    },
    async stats() {
      const [changes, counts] = await Promise.all([countUnhandled(database), countDeliveries(database)]);
      return {
        changes: { unhandled: changes.count, oldestSeconds: changes.oldestSeconds },
        deliveries: counts.map((count) => ({ ...count, breaker: breakers.of(count.system).state })),
      };
    },
    listFailedReactions: (state, limit) => listFailedReactions(database, state, pageSize(limit)),
    async retryReaction(changeSeq, reaction) {
      const isKnown = Number.isSafeInteger(changeSeq) && changeSeq > 0;
      if (!isKnown || !(await retryFailedReaction(database, changeSeq, reaction))) {
        throw new SiltaError('not-found', 'There is no such reaction that has failed.');
      }
      wake();
    },
    listInbound: (state, limit) => listInbound(database, state, pageSize(limit)),
  };
}

async function retry(database: Database, id: string): Promise<void> {
  await database.transaction(async (sql) => {
    const found = await lockForRetry(sql, id);
    if (!found) throw unknownDelivery();
    if (found.state !== 'dead' && found.state !== 'waiting') {
      throw new SiltaError(
        'conflict',
        `The delivery is ${found.state}; only a dead or waiting one is retried.`,
      );
    }
    if (found.superseded) {
      throw new SiltaError(
        'conflict',
        'A newer version of the resource has arrived; this one would undo it.',
        {
          key: 'superseded',
        },
      );
    }
    await makeDue(sql, id);
  });
}

function unknownDelivery(): SiltaError {
  return new SiltaError('not-found', 'There is no delivery with this id.');
}
