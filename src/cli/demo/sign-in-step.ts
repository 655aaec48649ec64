import { decodeJwt } from 'jose';
import { ask, type Cast, expect } from './cast.ts';

/**
 * SMART standalone launch with Suomi.fi-style identification behind it: signed request object, PKCE, private_key_jwt
 * and an encrypted ID token between gateway and provider.
 */
export async function signInCitizen(cast: Cast): Promise<string> {
  const launch = await cast.users.signIn('tessa');
  const { acr } = decodeJwt(launch.accessToken);
  expect(
    typeof acr === 'string' && acr.endsWith('loatest2'),
    () => `the level of assurance is ${String(acr)}`,
  );
  cast.citizen = { token: launch.accessToken, patient: launch.patient };
  const { status, body } = await ask(cast, launch.accessToken, `/Patient/${launch.patient}`);
  expect(status === 200 && body.resourceType === 'Patient', () => `the own Patient answers ${status}`);
  return `Patient/${launch.patient}, level of assurance ${acr}`;
}
