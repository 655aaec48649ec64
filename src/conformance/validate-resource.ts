/**
 * Judges a resource by base R4 and by its profiles.
 *
 * @see https://hl7.org/fhir/R4/validation.html
 */
import type { Definitions } from '../definitions/index.ts';
import type { Issue } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { finding } from './finding.ts';
import { createHint } from './hint.ts';
import { type JsonObject, kindOf, listOf } from './json.ts';
import { at, type Place, rootPlace } from './place.ts';
import { compileProfile } from './profile/compile-profile.ts';
import { showable } from './showable.ts';
import type { ObjectCheck, Run } from './structure/run.ts';
import { createTypes, type Types } from './structure/types.ts';
import type { ValidationOptions } from './types.ts';

export type ValidateResource = (resource: Resource, options?: ValidationOptions) => readonly Issue[];

/** Makes the judge of resources; what it compiles is kept for the next one. */
export function createResourceValidator(given: Definitions): ValidateResource {
  const definitions = tolerant(given);
  const globals = globalProfiles(definitions);
  const profiles = new Map<string, ObjectCheck>();
  const profileCheck = (url: string): ObjectCheck | undefined => {
    const profile = definitions.structure(url);
    if (!profile) return undefined;
    const known = profiles.get(profile.url);
    if (known) return known;
    // What base R4 defines itself is judged already; a "specialization" of anyone else constrains all the same.
    const isBase = definitions.structure(profile.type)?.url === profile.url;
    const check = isBase ? () => undefined : compileProfile(profile, types);
    profiles.set(profile.url, check);
    return check;
  };
  const types: Types = createTypes(definitions, profileCheck);
  return (resource, { profiles: asked = [], strict = false, examples = false, now } = {}) => {
    if (typeof resource !== 'object' || resource === null || Array.isArray(resource)) {
      const text = `A resource must be an object, not ${kindOf(resource)}.`;
      return [finding('structure', 'resource-type', rootPlace('Resource'), text)];
    }
    const place = rootPlace(showable(String(resource.resourceType)) ?? 'Resource');
    const run: Run = {
      issues: [],
      hint: createHint(),
      resource,
      rootResource: resource,
      base: place,
      bundle: undefined,
      strict,
      examples,
      now,
    };
    types.resource(resource, place, run);
    judgeProfiles(resource, [...(globals.get(resource.resourceType) ?? []), ...asked], place, run, types);
    return run.issues;
  };
}

/** A profile that does not fit its base is as good as none: nothing can be judged by it. */
function tolerant(definitions: Definitions): Definitions {
  const structure: Definitions['structure'] = (url) => {
    try {
      return definitions.structure(url);
    } catch {
      return undefined;
    }
  };
  return { ...definitions, structure };
}

/** Profiles that an ImplementationGuide wants for every resource of a type, by type. */
function globalProfiles({ content }: Definitions): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const guide of content) {
    if (guide.resourceType !== 'ImplementationGuide') continue;
    for (const each of listOf(guide['global'])) {
      const { type, profile } = each as JsonObject;
      if (typeof type !== 'string' || typeof profile !== 'string') continue;
      found.set(type, [...(found.get(type) ?? []), profile]);
    }
  }
  return found;
}

function judgeProfiles(
  resource: Resource,
  asked: readonly string[],
  place: Place,
  run: Run,
  types: Types,
): void {
  const claimed = listOf((resource.meta as JsonObject | undefined)?.['profile']);
  const judged = new Set<string>();
  for (const [index, url] of claimed.entries()) {
    if (typeof url !== 'string') continue;
    const claim = at(at(place, 'meta'), 'profile', index);
    judgeProfile(resource, url, claim, 'warning', place, run, types, judged);
  }
  for (const url of asked) judgeProfile(resource, url, place, 'error', place, run, types, judged);
}

function judgeProfile(
  resource: Resource,
  url: string,
  claim: Place,
  whenUnknown: 'warning' | 'error',
  place: Place,
  run: Run,
  types: Types,
  judged: Set<string>,
): void {
  const profile = types.definitions.structure(url);
  if (!profile) {
    const name = showable(url);
    const text = `The profile ${name ? `'${name}'` : 'named here'} is not known here or does not fit its base, so it was not checked.`;
    run.issues.push(finding('not-found', 'profile-unknown', claim, text, whenUnknown));
    return;
  }
  if (judged.has(profile.url)) return;
  judged.add(profile.url);
  if (profile.type !== resource.resourceType) {
    const generic = profile.type === 'Resource' || profile.type === 'DomainResource';
    if (generic) return;
    const text = `The profile '${profile.url}' is for ${profile.type}.`;
    run.issues.push(finding('invalid', 'resource-type', claim, text));
    return;
  }
  types.profile(url)?.(resource, place, run);
}
