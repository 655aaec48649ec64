/**
 * A portal and a record system as clients of the gateway: the SMART standalone launch and Backend Services, with
 * `openid-client` and over HTTP only.
 * @see https://hl7.org/fhir/smart-app-launch/app-launch.html
 * @see https://hl7.org/fhir/smart-app-launch/backend-services.html
 */
import * as client from 'openid-client';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { choosePerson } from './sign-in.ts';

/** A client's credentials: its id and the private half of a registered key. */
export interface SmartCredentials {
  readonly clientId: string;
  readonly key: client.CryptoKey;
  readonly kid: string;
}

export interface LaunchRequest extends SmartCredentials {
  readonly fhirBase: string;
  readonly redirectUri: string;
  /** Space-separated. */
  readonly scope: string;
  /** Test person to sign in as, unless the browser has a session already. */
  readonly personId: string;
  /** What the citizen answers when asked for consent; default `allow`. */
  readonly decision?: 'allow' | 'deny';
  readonly browser?: Browser;
  readonly locale?: 'fi' | 'sv' | 'en';
}

export interface LaunchResult {
  readonly accessToken: string;
  /** Given to a portal that asked for `offline_access` or `online_access`. */
  readonly refreshToken?: string;
  /** Id of the Patient in context. */
  readonly patient: string;
  readonly scope: string;
  readonly expiresIn: number;
  readonly idToken?: Readonly<Record<string, unknown>>;
  readonly browser: Browser;
}

/**
 * Launches a portal standalone: authorization request, sign-in, consent, code for token.
 * @throws client.AuthorizationResponseError when the citizen or the gateway refuses
 */
export async function launchStandalone(request: LaunchRequest): Promise<LaunchResult> {
  const configuration = await readSmartConfiguration(request.fhirBase, request);
  const codeVerifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const address = client.buildAuthorizationUrl(configuration, {
    response_type: 'code',
    redirect_uri: request.redirectUri,
    scope: request.scope,
    aud: request.fhirBase,
    state,
    ...(request.scope.split(' ').includes('openid') && { nonce }),
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...(request.locale && { ui_locales: request.locale }),
  });
  const browser = request.browser ?? createBrowser();
  const callback = await walkToCallback(browser, address, request);
  const tokens = await client.authorizationCodeGrant(configuration, callback, {
    expectedState: state,
    pkceCodeVerifier: codeVerifier,
    ...(request.scope.split(' ').includes('openid') && { expectedNonce: nonce }),
  });
  const idToken = tokens.claims();
  return {
    accessToken: tokens.access_token,
    ...(tokens.refresh_token && { refreshToken: tokens.refresh_token }),
    patient: String(tokens['patient']),
    scope: tokens.scope ?? '',
    expiresIn: tokens.expires_in ?? 0,
    ...(idToken && { idToken }),
    browser,
  };
}

/** Gets a token by SMART Backend Services. */
export async function requestBackendToken(
  request: SmartCredentials & { readonly fhirBase: string; readonly scope: string },
): Promise<{ readonly accessToken: string; readonly scope: string; readonly expiresIn: number }> {
  const configuration = await readSmartConfiguration(request.fhirBase, request);
  const tokens = await client.clientCredentialsGrant(configuration, { scope: request.scope });
  return {
    accessToken: tokens.access_token,
    scope: tokens.scope ?? '',
    expiresIn: tokens.expires_in ?? 0,
  };
}

async function readSmartConfiguration(
  fhirBase: string,
  credentials: SmartCredentials,
): Promise<client.Configuration> {
  const response = await fetch(`${fhirBase}/.well-known/smart-configuration`);
  if (!response.ok) throw new Error(`The SMART configuration answers ${response.status}.`);
  const metadata = (await response.json()) as client.ServerMetadata;
  const authentication = client.PrivateKeyJwt(credentials, {
    [client.modifyAssertion]: (_header, payload) => {
      payload['aud'] = String(metadata.token_endpoint);
    },
  });
  const configuration = new client.Configuration(
    metadata,
    credentials.clientId,
    { id_token_signed_response_alg: 'ES256' },
    authentication,
  );
  if (fhirBase.startsWith('http:')) client.allowInsecureRequests(configuration);
  client.enableNonRepudiationChecks(configuration);
  return configuration;
}

/** Goes through what the gateway and the identification service show, up to the portal's own address. */
async function walkToCallback(browser: Browser, address: URL, request: LaunchRequest): Promise<URL> {
  const stopAt = (url: URL): boolean => url.href.startsWith(request.redirectUri);
  let page: Page = await browser.open(address, { stopAt });
  for (let step = 0; step < 3 && !stopAt(page.url); step++) {
    const isLogin = page.html.includes('name="person"');
    const isConsent = page.html.includes('name="csrf"');
    if (!isLogin && !isConsent) break;
    page = isLogin
      ? await choosePerson(browser, page, request.personId, { stopAt })
      : await browser.submit(page, { decision: request.decision ?? 'allow' }, { stopAt });
  }
  if (stopAt(page.url)) return page.url;
  throw new Error(`The launch stopped at ${page.url.pathname} with status ${page.status}.`);
}
