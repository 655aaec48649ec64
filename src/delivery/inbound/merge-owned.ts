import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../../resource.ts';

type Stored = Resource & { readonly id: string };

/**
 * The current resource with the elements the system owns taken over from what its message was mapped to. An element the
 * message says nothing about stays.
 * @param owns names of elements, with or without the type in front: `status`, `Task.status`
 * @returns undefined when nothing changes
 */
export function mergeOwned(current: Stored, mapped: Resource, owns: readonly string[]): Stored | undefined {
  const names = owns.map((name) => name.replace(`${current.resourceType}.`, ''));
  const taken = names
    .flatMap((name) => [name, `_${name}`])
    .filter((name) => mapped[name] !== undefined && !isDeepStrictEqual(mapped[name], current[name]));
  if (taken.length === 0) return undefined;
  return { ...current, ...Object.fromEntries(taken.map((name) => [name, mapped[name]])) };
}
