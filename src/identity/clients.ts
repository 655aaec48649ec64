/**
 * Registered portals, systems and operators, read from the clients file.
 * @see https://hl7.org/fhir/smart-app-launch/backend-services.html#registering-a-smart-backend-service-communicating-public-keys
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { SiltaError } from '../outcome.ts';
import { CONTEXT_SCOPES, parseScope } from './scopes.ts';
import type { ClientRegistration } from './types.ts';

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

const publicKey = z
  .looseObject({ kty: z.enum(['RSA', 'EC']) })
  .refine((key) => !PRIVATE_MEMBERS.some((member) => member in key), 'must be a public key');

const scope = z
  .string()
  .refine(
    (text) => parseScope(text) !== undefined || (CONTEXT_SCOPES as readonly string[]).includes(text),
    'is not a SMART scope',
  );

const clientSchema = z
  .strictObject({
    clientId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$/),
    name: z.string().min(1),
    kind: z.enum(['portal', 'system', 'operator']),
    redirectUris: z.array(z.url({ protocol: /^https?$/ })).default([]),
    jwks: z.strictObject({ keys: z.array(publicKey).min(1) }).optional(),
    jwksUri: z.url({ protocol: /^https?$/ }).optional(),
    scopes: z.array(scope).min(1),
    sectors: z.array(z.enum(['health', 'social'])).default([]),
    organization: z.string().min(1).optional(),
  })
  .refine((client) => (client.jwks === undefined) !== (client.jwksUri === undefined), 'needs jwks or jwksUri')
  .refine(
    (client) => (client.kind === 'portal') === client.redirectUris.length > 0,
    'redirectUris: a portal needs some, others have none',
  )
  .refine(
    (client) => client.scopes.every((text) => isOfKind(text, client.kind)),
    'scopes: a portal has patient/ and context scopes, others have system/ scopes',
  );

function isOfKind(text: string, kind: ClientRegistration['kind']): boolean {
  return (parseScope(text)?.level === 'system') === (kind !== 'portal');
}

const fileSchema = z
  .strictObject({ clients: z.array(clientSchema) })
  .refine(
    (file) => new Set(file.clients.map((client) => client.clientId)).size === file.clients.length,
    'clientId must be unique',
  );

/**
 * Reads the clients file.
 * @param text YAML or JSON: `{ clients: [{ clientId, name, kind, redirectUris, jwks | jwksUri, scopes, sectors, organization }] }`
 * @throws SiltaError `invalid-request` naming every wrong member
 */
export function readClients(text: string): readonly ClientRegistration[] {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new SiltaError('invalid-request', 'The clients file is not YAML or JSON.', {
      key: 'clients',
      cause,
    });
  }
  return checkClients(value);
}

/** The same for an already parsed file. */
export function checkClients(value: unknown): readonly ClientRegistration[] {
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    throw new SiltaError('invalid-request', `The clients file is wrong: ${z.prettifyError(parsed.error)}`, {
      key: 'clients',
    });
  }
  return parsed.data.clients.map(({ jwks, jwksUri, organization, ...client }) =>
    Object.freeze({
      ...client,
      ...(jwks && { jwks }),
      ...(jwksUri && { jwksUri }),
      ...(organization && { organization }),
    }),
  );
}
