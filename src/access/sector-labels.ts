/**
 * The sector label in `meta.security`: every resource carries exactly one, callers set only their own, and no
 * update takes a label away.
 * @see https://hl7.org/fhir/R4/security-labels.html
 */
import { SiltaError } from '../outcome.ts';
import { type Principal, SECTOR_SYSTEM, type Sector } from '../principal.ts';
import type { Coding, Resource } from '../resource.ts';
import { forbid } from './refusals.ts';
import { isConfined } from './visibility.ts';

/** The sector a resource is labelled with; undefined without a label. */
export function sectorOf(resource: Resource | undefined): Sector | undefined {
  const label = (resource?.meta?.security ?? []).find((coding) => coding.system === SECTOR_SYSTEM);
  return label && isSector(label.code) ? label.code : undefined;
}

/**
 * The resource with its sector label.
 * @param current the resource as it is now, whose labels are carried forward
 * @param inherited the sector of what a citizen's answer belongs to
 * @throws SiltaError `forbidden`, `invalid-resource`
 */
export function labelSector(
  principal: Principal,
  resource: Resource,
  current: Resource | undefined,
  inherited: Sector | undefined,
): Resource {
  const given = givenSector(resource);
  const kept = sectorOf(current);
  const sector = given ?? kept ?? defaultSector(principal, inherited);
  const expression = `${resource.resourceType}.meta.security`;
  if (kept && sector !== kept) throw forbid('The sector of a resource cannot be changed.', expression);
  if (principal.kind !== 'gateway' && !principal.sectors.includes(sector)) {
    throw forbid(`The caller is not registered for the sector '${sector}'.`, expression);
  }
  const ordinary = uniteLabels(current?.meta?.security ?? [], resource.meta?.security ?? []).filter(
    (label) => label.system !== SECTOR_SYSTEM,
  );
  if (isConfined(principal)) {
    refuseOwnLabels(resource, current, expression);
    if (given && inherited && given !== inherited)
      throw forbid('The answer belongs to the sector of its questionnaire.', expression);
  }
  const security = [...ordinary, { system: SECTOR_SYSTEM, code: sector }];
  return { ...resource, meta: { ...resource.meta, security } };
}

/** @see docs/architecture.md, Names: a citizen's answer follows its Questionnaire, a system's its registration. */
function defaultSector(principal: Principal, inherited: Sector | undefined): Sector {
  if (isConfined(principal) || principal.kind === 'gateway') return inherited ?? 'health';
  const [own] = principal.sectors;
  if (!own) throw forbid('The caller is registered for no sector.');
  return own;
}

function givenSector(resource: Resource): Sector | undefined {
  const security = resource.meta?.security ?? [];
  const codes = new Set(
    security.filter((label) => label.system === SECTOR_SYSTEM).map((label) => label.code),
  );
  const [code] = codes;
  if (codes.size === 0) return undefined;
  if (codes.size === 1 && isSector(code)) return code;
  throw new SiltaError(
    'invalid-resource',
    codes.size > 1 ? 'A resource belongs to one sector only.' : "A sector label is 'health' or 'social'.",
    { expression: [`${resource.resourceType}.meta.security`] },
  );
}

/** A confined caller may repeat the labels there are, and add none. */
function refuseOwnLabels(resource: Resource, current: Resource | undefined, expression: string): void {
  const known = current?.meta?.security ?? [];
  const added = (resource.meta?.security ?? []).some(
    (label) => label.system !== SECTOR_SYSTEM && !known.some((other) => isSame(label, other)),
  );
  if (added) throw forbid('A citizen cannot set security labels.', expression);
}

function uniteLabels(kept: readonly Coding[], given: readonly Coding[]): readonly Coding[] {
  return [...kept, ...given.filter((label) => !kept.some((other) => isSame(label, other)))];
}

function isSame(one: Coding, other: Coding): boolean {
  return one.system === other.system && one.code === other.code;
}

function isSector(code: string | undefined): code is Sector {
  return code === 'health' || code === 'social';
}
