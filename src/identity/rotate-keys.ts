/**
 * Changes of a keys file. A new signing key is published before it signs, so that whoever verifies has fetched it by
 * then; a new decryption key is on every gateway before it is published; an old key stays as long as something it made
 * may be alive. Text in, text out.
 */
import { calculateJwkThumbprint, type JWK } from 'jose';
import { SiltaError } from '../outcome.ts';
import { generateKey, generateSecret, KEY_SETS, type KeySet, type KeyTimes, parseKeysFile } from './keys.ts';

type StoredKey = JWK & KeyTimes;

export interface ListedKey {
  readonly set: string;
  /** RFC 7638 thumbprint; the secrets for cookies have none. */
  readonly kid?: string;
  readonly createdAt?: string;
  /** `waiting`: used from `usedFrom` on; `in use`; `superseded`: since `supersededAt`. */
  readonly state: 'waiting' | 'in use' | 'superseded';
  readonly usedFrom?: string;
  readonly supersededAt?: string;
}

/**
 * Tells the state of each key, never a part of one.
 * @param text of a keys file
 * @throws SiltaError `invalid-request` when it is none
 */
export async function listKeys(text: string, now: Date): Promise<readonly ListedKey[]> {
  const file = parseKeysFile(text);
  const sets = Object.keys(KEY_SETS) as KeySet[];
  const keys = await Promise.all(sets.map((set) => listSet(set, file[set] as readonly StoredKey[], now)));
  const secrets = file['cookie-secrets'].map(
    (_secret, index): ListedKey => ({ set: 'cookie-secrets', state: index === 0 ? 'in use' : 'superseded' }),
  );
  return [...keys.flat(), ...secrets];
}

async function listSet(set: KeySet, keys: readonly StoredKey[], now: Date): Promise<ListedKey[]> {
  return Promise.all(
    keys.map(async (key, index): Promise<ListedKey> => {
      const { created_at: createdAt, use_after: usedFrom } = key;
      const supersededAt = supersededSince(keys, index, now);
      const common = { set, kid: await calculateJwkThumbprint(key), ...(createdAt && { createdAt }) };
      if (supersededAt !== undefined) return { ...common, state: 'superseded', supersededAt };
      return isLater(usedFrom, now)
        ? { ...common, state: 'waiting', usedFrom }
        : { ...common, state: 'in use' };
    }),
  );
}

/** Since when a newer key of the set is used; undefined when none is. */
function supersededSince(keys: readonly StoredKey[], index: number, now: Date): string | undefined {
  const newer = keys.slice(0, index).toReversed();
  const used = newer.find((key) => !isLater(key.use_after ?? key.created_at, now));
  return used && (used.use_after ?? used.created_at ?? new Date(0).toISOString());
}

const isLater = (instant: string | undefined, now: Date): instant is string =>
  instant !== undefined && Date.parse(instant) > now.getTime();

/**
 * Puts a new key at the front of each set.
 * @param options.warmUpSeconds how long a new signing key is only published, and a new decryption key only kept
 * @returns the new text
 */
export async function rotateKeys(
  text: string,
  options: { readonly sets: readonly string[]; readonly now: Date; readonly warmUpSeconds: number },
): Promise<string> {
  const { now, warmUpSeconds } = options;
  const file: Record<string, readonly unknown[]> = { ...parseKeysFile(text) };
  const useAfter = new Date(now.getTime() + warmUpSeconds * 1000).toISOString();
  for (const set of options.sets) {
    if (set === 'cookie-secrets') file[set] = [generateSecret(), ...(file[set] ?? [])];
    else if (isKeySet(set)) {
      const key = { ...(await generateKey(set, now)), use_after: useAfter };
      file[set] = [key, ...(file[set] ?? [])];
    } else throw unknownSet(set);
  }
  return print(file);
}

/**
 * Removes the keys that have been superseded for long enough; each set keeps one.
 * @param options.tailSeconds how long a superseded key stays: longer than anything it made lives
 * @returns the new text and how many keys were removed
 */
export async function pruneKeys(
  text: string,
  options: { readonly now: Date; readonly tailSeconds: number },
): Promise<{ readonly text: string; readonly removed: number }> {
  const { now, tailSeconds } = options;
  const file: Record<string, readonly unknown[]> = { ...parseKeysFile(text) };
  const last = now.getTime() - tailSeconds * 1000;
  let removed = 0;
  for (const set of Object.keys(KEY_SETS)) {
    const keys = file[set] as readonly StoredKey[];
    const kept = keys.filter((_key, index) => {
      const since = supersededSince(keys, index, now);
      return since === undefined || Date.parse(since) > last;
    });
    removed += keys.length - kept.length;
    file[set] = kept;
  }
  return { text: print(file), removed };
}

function isKeySet(name: string): name is KeySet {
  return Object.hasOwn(KEY_SETS, name);
}

function print(file: object): string {
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function unknownSet(name: string): SiltaError {
  const known = [...Object.keys(KEY_SETS), 'cookie-secrets'].join(', ');
  return new SiltaError('invalid-request', `There is no set of keys '${name}'. Known: ${known}.`, {
    key: 'keys',
  });
}
