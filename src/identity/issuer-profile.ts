/**
 * Issuer profiles of strong identification. Brokers differ in claim names, levels and algorithms, so everything that is
 * not fixed by OpenID Connect is data here.
 * @see https://www.kyberturvallisuuskeskus.fi/en (Finnish Trust Network, OIDC profile 213/2023 S)
 */
import { z } from 'zod';
import { HETU_SYSTEM } from '../hetu.ts';
import { SiltaError } from '../outcome.ts';
import type { IssuerProfile } from './types.ts';

const LOA = 'http://ftn.ficora.fi/2017/';
/** Levels of assurance of test environments: `loatest2`, `loatest3`. */
const TEST_LEVEL = /\/loatest\d$/;

const names = z.array(z.string().min(1)).min(1);

const profileSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  issuer: z.url({ protocol: /^https?$/ }),
  clientId: z.string().min(1),
  scope: z.string().default('openid'),
  // Requesting loa2 accepts loa3 as the stronger one.
  requestedAcr: names.default([`${LOA}loa2`]),
  acceptedAcr: names.default([`${LOA}loa2`, `${LOA}loa3`]),
  keyAlgorithms: z
    .array(z.enum(['RSA-OAEP', 'RSA-OAEP-256']))
    .min(1)
    .default(['RSA-OAEP', 'RSA-OAEP-256']),
  contentAlgorithms: z
    .array(z.enum(['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM']))
    .min(1)
    .default(['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM']),
  cancelErrors: names.default(['access_denied']),
  clockTolerance: z.number().int().min(0).max(60).default(10),
  claims: z
    .strictObject({
      hetu: z.string().default(HETU_SYSTEM),
      familyName: z.string().default('urn:oid:2.5.4.4'),
      givenNames: z.string().default('urn:oid:1.2.246.575.1.14'),
      birthDate: z.string().default('urn:oid:1.3.6.1.5.5.7.9.1'),
      foreignIdentifier: z
        .string()
        .default('http://eidas.europa.eu/attributes/naturalperson/PersonIdentifier'),
      nonDisclosure: z.string().optional(),
    })
    .prefault({}),
});

/** The defaults are Suomi.fi's; a file or the composition gives the issuer and the client id. */
export type IssuerProfileInput = z.input<typeof profileSchema>;

/**
 * Completes and checks an issuer profile.
 * @param value the profile as read from its file
 * @param mode `production` refuses an issuer over http and test levels of assurance
 * @throws SiltaError `invalid-request` naming every wrong member
 */
export function readIssuerProfile(value: unknown, mode: 'production' | 'sandbox'): IssuerProfile {
  const parsed = profileSchema.safeParse(value);
  if (!parsed.success) {
    throw new SiltaError('invalid-request', `The issuer profile is wrong: ${z.prettifyError(parsed.error)}`, {
      key: 'issuer-profile',
    });
  }
  const profile = parsed.data;
  const problem = mode === 'production' ? findProductionProblem(profile) : undefined;
  if (problem) throw new SiltaError('invalid-request', problem, { key: 'issuer-profile' });
  const { nonDisclosure, ...claims } = profile.claims;
  return Object.freeze({ ...profile, claims: { ...claims, ...(nonDisclosure && { nonDisclosure }) } });
}

function findProductionProblem(profile: z.output<typeof profileSchema>): string | undefined {
  if (!profile.issuer.startsWith('https:')) return 'issuer: must be https in production.';
  const test = [...profile.requestedAcr, ...profile.acceptedAcr].find((acr) => TEST_LEVEL.test(acr));
  return test && `acr: ${test} is a test level and is refused in production.`;
}
