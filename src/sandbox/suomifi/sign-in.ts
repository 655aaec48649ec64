import type { Browser, Page } from './browser.ts';

/**
 * Signs in as a test person, from any address that leads to the stand-in's login page and back.
 * @param browser the citizen's browser
 * @param address where to begin, e.g. the gateway's `/identity/suomifi/start?return=/my`
 * @param personId id of a test person, or `cancel` to press the cancel button
 * @returns the page the browser ends on, or the address for which `stopAt` held
 */
export async function signIn(
  browser: Browser,
  address: string | URL,
  personId: string,
  options: { readonly stopAt?: (url: URL) => boolean } = {},
): Promise<Page> {
  const page = await browser.open(address, options);
  return choosePerson(browser, page, personId, options);
}

/** Answers the login page that the browser is on. */
export async function choosePerson(
  browser: Browser,
  page: Page,
  personId: string,
  options: { readonly stopAt?: (url: URL) => boolean } = {},
): Promise<Page> {
  const fields = personId === 'cancel' ? { decision: 'cancel' } : { decision: 'identify', person: personId };
  return browser.submit(page, fields, options);
}
