/** Transactions that hold a bad entry, or far too many, or refer to each other in circles: all of one is stored, or nothing. */
import fc from 'fast-check';
import { type Attack, jsonAttack } from './attack.ts';
import { TARGET } from './seeds.ts';

const TAG_SYSTEM = 'urn:silta:fuzz';

/** What an entry of a generated transaction is. */
const entryKind = fc.constantFrom(
  'good',
  'good',
  'good',
  'good',
  'bad-status',
  'dangling',
  'circle',
  'same-url',
  'no-request',
  'stale',
  'missing',
  'odd-method',
);

let transactions = 0;

export const transactionAttacks: fc.Arbitrary<Attack> = fc
  .record({
    kinds: fc.array(entryKind, { minLength: 1, maxLength: 12 }),
    type: fc.constantFrom('transaction', 'transaction', 'batch'),
    noise: fc.jsonValue({ maxDepth: 2 }),
    noisy: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ kinds, type, noise, noisy }) => {
    const tag = `t${process.pid}-${transactions++}`;
    const entry: unknown[] = kinds.map((kind, index) => entryOf(kind, index, tag));
    if (noisy === 0) entry.push(noise);
    const bundle = JSON.stringify({ resourceType: 'Bundle', type, entry });
    return jsonAttack('POST', '', bundle, type === 'transaction' ? { tag, resources: entry.length } : {});
  });

/** A Bundle of very many entries, good ones: above the limit it is refused before anything is done. */
export const hugeBundles: fc.Arbitrary<Attack> = fc
  .record({ size: fc.constantFrom(2_000, 5_000, 10_000), type: fc.constantFrom('transaction', 'batch') })
  .map(({ size, type }) => {
    const tag = `t${process.pid}-${transactions++}`;
    const entry = Array.from({ length: size }, (_, index) => entryOf('good', index, tag));
    const bundle = JSON.stringify({ resourceType: 'Bundle', type, entry });
    return jsonAttack('POST', '', bundle, type === 'transaction' ? { tag, resources: size } : {});
  });

const urn = (tag: string, index: number): string => {
  const hex = Buffer.from(`${tag}/${index}`).toString('hex').padEnd(32, '0').slice(-32);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
};

function entryOf(kind: string, index: number, tag: string): object {
  const resource = {
    resourceType: 'Task',
    meta: { tag: [{ system: TAG_SYSTEM, code: tag }] },
    status: 'requested',
    intent: 'order',
  };
  const create = { fullUrl: urn(tag, index), resource, request: { method: 'POST', url: 'Task' } };
  switch (kind) {
    case 'bad-status':
      return { ...create, resource: { ...resource, status: 'sleeping' } };
    case 'dangling':
      return { ...create, resource: { ...resource, focus: { reference: urn(tag, 999) } } };
    case 'circle':
      return { ...create, resource: { ...resource, focus: { reference: urn(tag, index) } } };
    case 'same-url':
      return { ...create, fullUrl: urn(tag, 0) };
    case 'no-request':
      return { resource };
    case 'stale':
      return {
        resource: { ...resource, id: TARGET },
        request: { method: 'PUT', url: `Task/${TARGET}`, ifMatch: 'W/"99999"' },
      };
    case 'missing':
      return { request: { method: 'PATCH', url: 'Task/is-not-there' } };
    case 'odd-method':
      return { ...create, request: { method: 'SPY', url: '../../etc/passwd' } };
    default:
      return create;
  }
}
