/**
 * Issuer profiles of strong identification. Brokers differ in claim names, levels, algorithms and in where their
 * metadata and keys come from, so everything that is not fixed by OpenID Connect is data here.
 * @see https://www.kyberturvallisuuskeskus.fi/en (Finnish Trust Network, OIDC profile 213/2023 S)
 */
import { z } from 'zod';
import { HETU_SYSTEM } from '../hetu.ts';
import { SiltaError } from '../outcome.ts';
import { didYouMean } from '../suggest.ts';
import type { IssuerProfile } from './types.ts';

const LOA = 'http://ftn.ficora.fi/2017/';
/** Levels of assurance of test environments: `loatest2`, `loatest3`. */
const TEST_LEVEL = /\/loatest\d$/;

const names = z.array(z.string().min(1)).min(1);
const address = z.url({ protocol: /^https?$/ });

const metadataSchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('discovery') }),
  z.strictObject({ from: z.literal('file'), file: z.string().min(1) }),
  z.strictObject({
    from: z.literal('entity-statement'),
    file: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is 64 hexadecimal digits in lower case'),
  }),
]);

const profileSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  issuer: address,
  clientId: z.string().min(1),
  organizationName: z.string().min(1).max(100).optional(),
  scope: z
    .string()
    .refine((scope) => scope.split(' ').includes('openid'), "must contain 'openid'")
    .default('openid'),
  // Requesting loa2 accepts loa3 as the stronger one. An empty list asks for none: the broker decides, we judge.
  requestedAcr: z.array(z.string().min(1)).default([`${LOA}loa2`]),
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
  metadata: metadataSchema.default({ from: 'discovery' }),
  keys: z
    .strictObject({
      from: z.enum(['jwks', 'signed']).default('jwks'),
      uri: address.optional(),
      maxAgeMinutes: z.number().int().min(1).max(1440).default(60),
    })
    .prefault({}),
  request: z
    .strictObject({
      pkce: z.boolean().default(true),
      force: z
        .union([
          z.strictObject({ prompt: z.enum(['login', 'consent']) }),
          z.strictObject({ max_age: z.literal(0) }),
        ])
        .default({ prompt: 'login' }),
      parameters: z.record(z.string().regex(/^[a-z_]+$/), z.string()).default({}),
    })
    .prefault({}),
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

/** What the gateway itself puts into a request: no profile may. */
const OWN_PARAMETERS = new Set([
  ...[
    'iss',
    'aud',
    'exp',
    'iat',
    'nbf',
    'jti',
    'client_id',
    'response_type',
    'redirect_uri',
    'scope',
    'state',
  ],
  ...['nonce', 'code_challenge', 'code_challenge_method', 'acr_values', 'ui_locales', 'prompt', 'max_age'],
]);

/** An issuer profile as a file has it: a deployment's own, or one that it extends. */
export type IssuerProfileInput = z.input<typeof profileSchema>;

/** Published profiles by name, as parsed from their files; a deployment's own profile extends one of them. */
export type IssuerPresets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Completes and checks an issuer profile.
 * @param value the profile as read from its file; `extends` names the preset that it completes
 * @param mode `production` refuses an issuer over http and test levels of assurance
 * @throws SiltaError `invalid-request` naming every wrong member
 */
export function readIssuerProfile(
  value: unknown,
  mode: 'production' | 'sandbox',
  presets: IssuerPresets = {},
): IssuerProfile {
  const parsed = profileSchema.safeParse(extend(value, presets));
  if (!parsed.success) throw wrong(`The issuer profile is wrong: ${z.prettifyError(parsed.error)}`);
  const profile = parsed.data;
  const problem =
    findContradiction(profile) ?? (mode === 'production' ? findProductionProblem(profile) : undefined);
  if (problem) throw wrong(`The issuer profile is wrong: ${problem}`);
  const { claims: claimed, organizationName, ...others } = profile;
  const { nonDisclosure, ...claims } = claimed;
  const { uri, ...keys } = profile.keys;
  return Object.freeze({
    ...others,
    ...(organizationName && { organizationName }),
    keys: { ...keys, ...(uri && { uri }) },
    claims: { ...claims, ...(nonDisclosure && { nonDisclosure }) },
  });
}

/** A member of the profile replaces the preset's; `claims`, `request` and `keys` are joined member by member. */
function extend(value: unknown, presets: IssuerPresets): unknown {
  if (!isRecord(value) || value['extends'] === undefined) return value;
  const { extends: base, ...own } = value;
  if (typeof base !== 'string' || !Object.hasOwn(presets, base)) {
    const known = Object.keys(presets).sort();
    const hint = typeof base === 'string' ? didYouMean(base, known) : '';
    throw wrong(`extends: there is no such issuer profile.${hint} Known: ${known.join(', ')}.`);
  }
  const preset = presets[base] ?? {};
  const joined = ['claims', 'request', 'keys'].filter((key) => isRecord(own[key]) && isRecord(preset[key]));
  return {
    ...preset,
    ...own,
    ...Object.fromEntries(
      joined.map((key) => [key, { ...(preset[key] as object), ...(own[key] as object) }]),
    ),
  };
}

function findContradiction({ keys, metadata, request }: z.output<typeof profileSchema>): string | undefined {
  if (keys.from === 'signed' && metadata.from !== 'entity-statement') {
    return 'keys.from: signed keys are trusted through an entity statement; set metadata.from to entity-statement.';
  }
  const own = Object.keys(request.parameters).find((name) => OWN_PARAMETERS.has(name));
  return own && `request.parameters.${own}: the gateway sets it itself.`;
}

function findProductionProblem(profile: z.output<typeof profileSchema>): string | undefined {
  if (!profile.issuer.startsWith('https:')) return 'issuer: must be https in production.';
  if (profile.keys.uri && !profile.keys.uri.startsWith('https:'))
    return 'keys.uri: must be https in production.';
  const test = [...profile.requestedAcr, ...profile.acceptedAcr].find((acr) => TEST_LEVEL.test(acr));
  return test && `acr: ${test} is a test level and is refused in production.`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(message: string): SiltaError {
  return new SiltaError('invalid-request', message, { key: 'issuer-profile' });
}
