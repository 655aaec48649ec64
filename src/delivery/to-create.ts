import type { Resource } from '../resource.ts';

/** The write that creates a resource, under its own id or a new one. */
export function toCreate(resource: Resource, uuid: () => string) {
  return { kind: 'create', resource: { ...resource, id: resource.id ?? uuid() } } as const;
}
