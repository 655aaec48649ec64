/** The stand-in of Suomi.fi e-Identification as an Express router. */
import express, { type Request, type Response, Router } from 'express';
import { errors, leaveFormerAccount, type Provider } from '../../oidc-provider.ts';
import { BROKERS, type BrokerStyle } from './broker-style.ts';
import { renderLogin } from './login-page.ts';
import { TEST_PERSONS, type TestPerson } from './persons.ts';
import { createProvider, type RelyingPartyRegistration, TEST_ACR } from './provider.ts';
import type { Quirk } from './quirk.ts';

export interface SuomifiSandbox {
  /** Serves everything under the path of `baseUrl`. Mount it at the root and before any body parser. */
  readonly handler: Router;
  readonly persons: readonly TestPerson[];
  /** The broker's entity statement, to be confirmed out of band. */
  readonly entityStatement: string;
}

export interface SuomifiSandboxOptions {
  /** The broker to behave like; default Suomi.fi. */
  readonly style?: BrokerStyle;
  /** The issuer, e.g. `http://localhost:9080/suomifi`. */
  readonly baseUrl: string;
  readonly rp: RelyingPartyRegistration;
  readonly persons?: readonly TestPerson[];
  /** Asked at each token request: how the ID token is to be wrong; for tests of relying parties. */
  readonly quirk?: () => Quirk | undefined;
}

/** Starts the stand-in; its keys and sessions live in memory. */
export async function createSuomifiSandbox(options: SuomifiSandboxOptions): Promise<SuomifiSandbox> {
  const persons = options.persons ?? TEST_PERSONS;
  const { baseUrl, rp } = options;
  const style = options.style ?? 'suomifi';
  const quirk = options.quirk ?? (() => undefined);
  const { provider, entity, publicKey } = await createProvider({ baseUrl, rp, persons, quirk, style });
  const path = new URL(baseUrl).pathname.replace(/\/$/, '');
  const handler = Router();
  handler.get(`${path}/login/:uid`, async (request, response) => {
    const details = await findLogin(provider, request, response);
    if (!details) return;
    const page = { action: request.originalUrl, locales: details.params['ui_locales'] as string | undefined };
    response.set('Cache-Control', 'no-store').type('html').send(renderLogin(persons, page));
  });
  handler.post(`${path}/login/:uid`, express.urlencoded({ extended: false }), (request, response) =>
    identify({ provider, persons, cancelError: BROKERS[style].cancelError }, request, response),
  );
  const { discovery, signedJwks } = BROKERS[style];
  if (!discovery) {
    handler.get(`${path}/.well-known/openid-configuration`, (_request, response) => {
      response.status(404).type('text').send('There is no such document.\n');
    });
  }
  handler.get(`${path}/.well-known/openid-federation`, (_request, response) => {
    response.type('application/entity-statement+jwt').send(entity.statement);
  });
  if (signedJwks) {
    handler.get(`${path}${signedJwks}`, async (_request, response) => {
      const set = await entity.signKeys([publicKey], quirk()?.keySet);
      response.type('application/jwk-set+jwt').send(set);
    });
  }
  handler.use(path || '/', provider.callback());
  return { handler, persons, entityStatement: entity.statement };
}

interface Login {
  readonly provider: Provider;
  readonly persons: readonly TestPerson[];
  readonly cancelError: string;
}

async function identify(
  { provider, persons, cancelError }: Login,
  request: Request,
  response: Response,
): Promise<void> {
  const details = await findLogin(provider, request, response);
  if (!details) return;
  const form = (request.body ?? {}) as { decision?: unknown; person?: unknown };
  const person = persons.find((candidate) => candidate.id === form.person);
  const refusal =
    form.decision === 'cancel'
      ? 'the identification was cancelled'
      : person?.deceased && 'the personal identity code is not active';
  if (refusal) {
    const result = { error: cancelError, error_description: refusal };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (!person) {
    response.status(400).type('text').send('There is no such test person.\n');
    return;
  }
  await leaveFormerAccount(provider, details, person.id);
  await provider.interactionFinished(request, response, { login: { accountId: person.id, acr: TEST_ACR } });
}

/** The login that the browser is in the middle of; answers itself when there is none. */
async function findLogin(
  provider: Provider,
  request: Request,
  response: Response,
): Promise<Awaited<ReturnType<Provider['interactionDetails']>> | undefined> {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    response.status(400).type('text').send('The login has expired. Start again from the service.\n');
    return undefined;
  }
}
