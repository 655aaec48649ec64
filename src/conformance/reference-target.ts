const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;
const TYPED = /(?:^|\/)([A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/**
 * The resource type that a Reference names by its address or its `type`; undefined when it tells none (`#id`,
 * `urn:uuid:…`, an identifier alone).
 *
 * @see https://hl7.org/fhir/R4/references.html#literal
 */
export function targetTypeOf(
  reference: Record<string, unknown>,
  resourceTypes: ReadonlySet<string>,
): string | undefined {
  const address = reference['reference'];
  if (typeof address === 'string' && !address.startsWith('urn:') && !address.startsWith('#')) {
    const type = TYPED.exec(address)?.[1];
    // An address elsewhere need not be that of a FHIR server.
    if (type !== undefined && (resourceTypes.has(type) || !ABSOLUTE.test(address))) return type;
  }
  const stated = reference['type'];
  return typeof stated === 'string' ? stated : undefined;
}

/** The last but one part of an absolute address, where a FHIR server has the type; undefined when it is not like one. */
export function statedType(reference: Record<string, unknown>): string | undefined {
  const type = TYPED.exec(String(reference['reference']))?.[1];
  return type !== undefined && /^[A-Z]/.test(type) ? type : undefined;
}
