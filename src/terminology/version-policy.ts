/**
 * Which versions of code systems a request wants, by system URL.
 * @see https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
export interface VersionPolicy {
  /** `system-version`: where the value set names none. */
  readonly otherwise?: ReadonlyMap<string, string>;
  /** `check-system-version`: it must be this one. */
  readonly check?: ReadonlyMap<string, string>;
  /** `force-system-version`: whatever the value set names. */
  readonly force?: ReadonlyMap<string, string>;
}

export function versionFor(
  policy: VersionPolicy,
  url: string,
  stated: string | undefined,
): string | undefined {
  return policy.force?.get(url) ?? stated ?? policy.otherwise?.get(url) ?? policy.check?.get(url);
}
