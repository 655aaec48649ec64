/** Types that are not resources of their own on a server. */
const UNSTORED: ReadonlySet<string> = new Set([
  'Bundle',
  'Parameters',
  'OperationOutcome',
  'Resource',
  'DomainResource',
]);

/** Whether resources of this type are kept here. */
export function isStoredType(resourceTypes: ReadonlySet<string>, type: string): boolean {
  return resourceTypes.has(type) && !UNSTORED.has(type);
}
