export { createAccess } from './create-access.ts';
export { hide, isRefusal, missing } from './refusals.ts';
export { sectorOf } from './sector-labels.ts';
export type { Access, Disclosure, DisclosureRequest, Interaction, ProposedWrite } from './types.ts';
