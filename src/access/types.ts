import type { Principal, Sector } from '../principal.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion, Visibility } from '../store/index.ts';

/** What a caller wants to do with a resource; the letters of a SMART scope are derived from it. */
export type Interaction =
  | 'read'
  | 'vread'
  | 'history'
  | 'search'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'validate';

/** A write as the policy judges it. */
export interface ProposedWrite {
  readonly resource: Resource;
  /** The current version, for an update. */
  readonly current?: StoredVersion;
  /** The Questionnaire that a QuestionnaireResponse answers, when it is known here. */
  readonly questionnaire?: Resource;
}

/** Whether a resource may go to a system of a sector, and why; the reason names no person. */
export interface Disclosure {
  readonly allowed: boolean;
  readonly reason: string;
}

export interface Access {
  /**
   * Whether the caller's scopes and kind allow the interaction with this type at all. Deny by default.
   * @throws SiltaError `forbidden`
   */
  authorize(principal: Principal, interaction: Interaction, type: string): void;
  /** Whether {@link authorize} would let it pass. */
  permits(principal: Principal, interaction: Interaction, type: string): boolean;
  /**
   * The stored version, when the caller may know that it exists.
   * @throws SiltaError `not-found` alike for what does not exist and for what the caller may not see
   */
  authorizeStored(principal: Principal, type: string, stored: StoredVersion | undefined): StoredVersion;
  /**
   * The resource as this caller may write it: sector label and authorship filled in, labels of the current
   * version carried forward. Expects a structurally valid resource.
   * @throws SiltaError `forbidden` with the expression of the element the caller may not write so
   */
  admitWrite(principal: Principal, write: ProposedWrite): Resource;
  /**
   * Whether the caller may delete what is stored.
   * @throws SiltaError `forbidden` or `not-found`
   */
  authorizeDelete(principal: Principal, type: string, current: StoredVersion | undefined): StoredVersion;
  /** What a search on the caller's behalf is confined to. */
  visibility(principal: Principal): Visibility;
  /** Whether a search result, an included one too, may be shown: by its type's scope and by its content. */
  maySee(principal: Principal, stored: StoredVersion): boolean;
  /**
   * Whether a resource of one sector may be disclosed to a system of another (or the same) sector.
   * @param request.patientIds ids of the Patients whose compartment the resource is in; each must have consented
   */
  mayDisclose(request: DisclosureRequest): Promise<Disclosure>;
}

export interface DisclosureRequest {
  /** Type of the resource: published content and directories of services need no consent. */
  readonly type: string;
  readonly resourceSector: Sector;
  readonly systemSector: Sector;
  readonly patientIds: readonly string[];
}
