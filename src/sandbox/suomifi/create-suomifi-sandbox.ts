/** The stand-in of Suomi.fi e-Identification as an Express router. */
import express, { type Request, type Response, Router } from 'express';
import { errors, leaveFormerAccount, type Provider } from '../../oidc-provider.ts';
import { renderLogin } from './login-page.ts';
import { TEST_PERSONS, type TestPerson } from './persons.ts';
import { createProvider, type RelyingPartyRegistration, TEST_ACR } from './provider.ts';
import type { Quirk } from './quirk.ts';

export interface SuomifiSandbox {
  /** Serves everything under the path of `baseUrl`. Mount it at the root and before any body parser. */
  readonly handler: Router;
  readonly persons: readonly TestPerson[];
}

export interface SuomifiSandboxOptions {
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
  const provider = await createProvider({ baseUrl, rp, persons, quirk: options.quirk ?? (() => undefined) });
  const path = new URL(baseUrl).pathname.replace(/\/$/, '');
  const handler = Router();
  handler.get(`${path}/login/:uid`, async (request, response) => {
    const details = await findLogin(provider, request, response);
    if (!details) return;
    const page = { action: request.originalUrl, locales: details.params['ui_locales'] as string | undefined };
    response.set('Cache-Control', 'no-store').type('html').send(renderLogin(persons, page));
  });
  handler.post(`${path}/login/:uid`, express.urlencoded({ extended: false }), (request, response) =>
    identify(provider, persons, request, response),
  );
  handler.use(path || '/', provider.callback());
  return { handler, persons };
}

async function identify(
  provider: Provider,
  persons: readonly TestPerson[],
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
    const result = { error: 'access_denied', error_description: refusal };
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
