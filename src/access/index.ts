export { createAccess } from './create-access.ts';
export { isRefusal } from './refusals.ts';
export { sectorOf } from './sector-labels.ts';
export type { Access, Disclosure, DisclosureRequest, Interaction, ProposedWrite } from './types.ts';
