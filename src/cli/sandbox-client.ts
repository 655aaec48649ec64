/** The sandbox's users over HTTP: whoever plays them needs nothing but the sandbox's address. */
import { importJWK } from 'jose';
import {
  type LaunchResult,
  launchStandalone,
  requestBackendToken,
  type SmartCredentials,
} from '../sandbox/index.ts';
import { CommandError } from './exit.ts';
import type { SandboxClient, SandboxCredentials } from './sandbox-setup.ts';

export interface SandboxUsers {
  /** Address of the gateway that the sandbox belongs to. */
  readonly gatewayUrl: string;
  readonly fhirBase: string;
  readonly c4c: { readonly username: string; readonly password: string };
  readonly persons: readonly { readonly id: string; readonly about: string }[];
  /** Signs a test person in through the portal's app: SMART standalone launch, Suomi.fi, consent. */
  signIn(person: string): Promise<LaunchResult>;
  /** A Backend Services token. */
  token(user: 'portal' | 'record' | 'operator', scope?: string): Promise<string>;
}

interface Published {
  readonly gateway: string;
  readonly clients: SandboxCredentials;
  readonly c4c: SandboxUsers['c4c'];
  readonly persons: SandboxUsers['persons'];
}

/** @throws CommandError when no sandbox answers there */
export async function findSandbox(sandboxUrl: string): Promise<SandboxUsers> {
  const published = await readCredentials(sandboxUrl);
  const { gateway, clients } = published;
  const fhirBase = `${gateway}/fhir`;
  return {
    gatewayUrl: gateway,
    fhirBase,
    c4c: published.c4c,
    persons: published.persons,
    async signIn(personId) {
      const { portalApp } = clients;
      const redirectUri = portalApp.redirectUri ?? '';
      const credentials = await credentialsOf(portalApp);
      return launchStandalone({ ...credentials, fhirBase, redirectUri, scope: portalApp.scope, personId });
    },
    async token(user, scope) {
      const client = clients[user];
      const credentials = await credentialsOf(client);
      const granted = await requestBackendToken({ ...credentials, fhirBase, scope: scope ?? client.scope });
      return granted.accessToken;
    },
  };
}

async function readCredentials(sandboxUrl: string): Promise<Published> {
  let response: Response;
  try {
    response = await fetch(`${sandboxUrl}/credentials`);
  } catch {
    throw new CommandError(
      `No sandbox answers at ${sandboxUrl}. Start one with \`npm start\`. If it listens elsewhere, set SILTA_SANDBOX_PORT as there.`,
    );
  }
  if (!response.ok)
    throw new CommandError(`${sandboxUrl} is no Silta sandbox: it answers ${response.status}.`);
  return (await response.json()) as Published;
}

async function credentialsOf(client: SandboxClient): Promise<SmartCredentials> {
  const key = await importJWK(client.privateJwk, 'ES384');
  return {
    clientId: client.clientId,
    kid: String(client.privateJwk.kid),
    key: key as SmartCredentials['key'],
  };
}
