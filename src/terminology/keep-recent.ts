/**
 * Keeps what was made for the keys that were asked for last; what was not asked for longest goes first.
 * @param most weight of what is kept
 */
export function keepRecent<K, V>(most: number, weigh: (value: V) => number = () => 1) {
  const kept = new Map<K, { readonly value: V; readonly weight: number }>();
  let total = 0;
  const drop = (key: K): void => {
    total -= kept.get(key)?.weight ?? 0;
    kept.delete(key);
  };
  return (key: K, make: () => V): V => {
    const known = kept.get(key);
    const value = known ? known.value : make();
    const entry = known ?? { value, weight: weigh(value) };
    drop(key);
    kept.set(key, entry);
    total += entry.weight;
    while (total > most && kept.size > 1) drop(kept.keys().next().value as K);
    return value;
  };
}
