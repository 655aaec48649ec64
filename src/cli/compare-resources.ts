/** Whether a resource came back as it was sent, apart from what a server sets. */
import { markNumbers } from '../exact-json.ts';
import { SECTOR_SYSTEM } from '../principal.ts';
import type { Resource } from '../resource.ts';

/**
 * @param sent with its digits, see exact-json.ts
 * @returns the path of the first difference; undefined when there is none. Version, time and sector label are the
 * server's
 */
export function findChange(sent: object, received: object): string | undefined {
  const [before, after] = [comparable(sent), comparable(received)];
  return firstDifference(before, after, String((before as Partial<Resource>).resourceType));
}

function comparable(resource: object): object {
  const { meta, ...elements } = markNumbers(resource) as Resource;
  const { versionId: _, lastUpdated: __, security = [], ...others } = meta ?? {};
  const labels = security.filter(({ system }) => system !== SECTOR_SYSTEM);
  const kept = { ...others, ...(labels.length > 0 && { security: labels }) };
  return { ...elements, ...(Object.keys(kept).length > 0 && { meta: kept }) };
}

function firstDifference(a: unknown, b: unknown, path: string): string | undefined {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
    return a === b ? undefined : path;
  }
  if (Array.isArray(a) !== Array.isArray(b)) return path;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(
      left[key],
      right[key],
      Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
