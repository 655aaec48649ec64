/** Which of the items found a source takes, and how many there must be. */
import type { SourceNode } from '../tree.ts';
import { failAt, type Site } from './frame.ts';
import type { Items, Reader } from './read-source.ts';

/** Cuts the items by list mode. */
export function cutList(node: SourceNode, site: Site): Reader | undefined {
  const mode = node.listMode;
  if (mode === undefined) return undefined;
  const slice = (items: Items, from: number, to?: number): Items => ({
    values: items.values.slice(from, to),
    companions: items.companions?.slice(from, to),
    types: items.types?.slice(from, to),
    paths: items.paths?.slice(from, to),
  });
  return (items) => {
    const count = items.values.length;
    if (mode === 'first') return slice(items, 0, 1);
    if (mode === 'not_first') return slice(items, 1);
    if (mode === 'last') return slice(items, Math.max(count - 1, 0));
    if (mode === 'not_last') return slice(items, 0, Math.max(count - 1, 0));
    if (count > 1) failAt(site, `only_one, but there are ${count} values`);
    return items;
  };
}

/** Checks the cardinality that the source is written with. */
export function checkCount(node: SourceNode, site: Site): ((items: Items) => void) | undefined {
  const { min, max } = node;
  if (min === undefined && max === undefined) return undefined;
  const most = max === undefined || max === '*' ? Number.POSITIVE_INFINITY : Number(max);
  const least = min ?? 0;
  const name = [node.context, ...node.path].join('.');
  return (items) => {
    const count = items.values.length;
    if (count < least || count > most)
      failAt(site, `'${name}' must be there ${least}..${max ?? '*'} times, but is there ${count} times`);
  };
}
