import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GATEWAY } from '../../../src/principal.ts';
import { type Browser, createBrowser, type Page, signIn, TEST_PERSONS } from '../../../src/sandbox/index.ts';
import { HEALTH_THEME, startWorld, type World } from '../world.ts';

const hetuOf = (id: string): string => TEST_PERSONS.find((person) => person.id === id)?.hetu ?? '';

describe('acting for another', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.ahead = 0;
    world.valtuudet.setDown(false);
    world.valtuudet.rights.length = 0;
    world.valtuudet.rights.push(
      { delegate: hetuOf('joni'), principal: hetuOf('svea'), name: 'Sandstrand Svea Linnea', roles: ['ALL'] },
      { delegate: hetuOf('joni'), principal: hetuOf('tessa'), name: 'Testilä Tessa', roles: [HEALTH_THEME] },
      {
        delegate: hetuOf('joni'),
        principal: hetuOf('tuuli'),
        name: 'Turvala Tuuli',
        roles: ['http://x.example/tax'],
      },
    );
  });

  const signedIn = async (person: string): Promise<Browser> => {
    const browser = createBrowser();
    await signIn(browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami`, person);
    return browser;
  };
  const post = async (
    browser: Browser,
    path: string,
    fields: Record<string, string> = {},
  ): Promise<Response> => {
    const cookie = browser.cookieHeader(world.baseUrl);
    const csrf = (await world.identity.session(cookie))?.csrfToken ?? '';
    return fetch(`${world.baseUrl}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'x-csrf-token': csrf },
      body: new URLSearchParams({ csrf, return: '/whoami', ...fields }),
    });
  };
  /** Chooses the n-th person on the mandate service's page. */
  const choose = async (
    browser: Browser,
    index: number | 'cancel',
    stopAt?: (url: URL) => boolean,
  ): Promise<Page> => {
    const begun = await post(browser, '/identity/mandates/start');
    expect(begun.status).toBe(303);
    const page = await browser.open(begun.headers.get('location') ?? '');
    return browser.submit(page, { person: String(index) }, stopAt && { stopAt });
  };
  const whoami = async (browser: Browser): Promise<Record<string, string>> =>
    (await (
      await fetch(`${world.baseUrl}/whoami`, { headers: { cookie: browser.cookieHeader(world.baseUrl) } })
    ).json()) as Record<string, string>;
  const read = async (reference: string) => {
    const [type = '', id = ''] = reference.split('/');
    return JSON.parse((await world.store.read(type, id))?.content ?? '');
  };

  it('lets a guardian act for a child, under their own name', async () => {
    const browser = await signedIn('joni');
    const self = await whoami(browser);
    const page = await choose(browser, 0);
    expect(page.url.pathname).toBe('/whoami');
    const acting = await whoami(browser);
    expect(acting['who']).toBe(`Patient/${self['patientId']}`);
    expect(acting['patientId']).not.toBe(self['patientId']);
    const child = await read(`Patient/${acting['patientId']}`);
    expect(child.identifier[0].value).toBe(hetuOf('svea'));
    const actor = await read(acting['actsAs'] ?? '');
    expect(actor).toMatchObject({
      resourceType: 'RelatedPerson',
      identifier: [{ system: 'urn:oid:1.2.246.21', value: hetuOf('joni') }],
      patient: { reference: `Patient/${acting['patientId']}` },
      relationship: [{ coding: [{ code: 'GUARD' }] }],
    });
    expect((await post(browser, '/whoami')).status).toBe(200);
  });

  it('names the same person as the actor every time, and goes back to oneself', async () => {
    const [first, second] = [await signedIn('joni'), await signedIn('joni')];
    await Promise.all([choose(first, 1), choose(second, 1)]);
    const acting = await whoami(first);
    expect((await whoami(second))['actsAs']).toBe(acting['actsAs']);
    expect(await read(acting['actsAs'] ?? '')).toMatchObject({
      relationship: [{ coding: [{ code: 'POWATT' }] }],
    });
    expect((await post(first, '/identity/mandates/end')).headers.get('location')).toBe('/whoami');
    const self = await whoami(first);
    expect([self['who'], self['actsAs']]).toEqual([`Patient/${self['patientId']}`, undefined]);
  });

  it('is not carried over to another sign-in in the same browser, nor to another browser of the person', async () => {
    const browser = await signedIn('joni');
    await choose(browser, 0);
    expect((await whoami(browser))['actsAs']).toMatch(/^RelatedPerson\//);
    expect((await whoami(await signedIn('joni')))['actsAs']).toBeUndefined();
    await signIn(browser, `${world.baseUrl}/identity/suomifi/start?return=/whoami&force=true`, 'tessa');
    expect((await whoami(browser))['actsAs']).toBeUndefined();
  });

  it('is refused where the county does not accept the mandate', async () => {
    const browser = await signedIn('joni');
    const page = await choose(browser, 2);
    expect([page.status, page.html]).toEqual([403, expect.stringContaining('mandate-theme-not-accepted')]);
    expect((await whoami(browser))['actsAs']).toBeUndefined();
  });

  it('comes back without anybody when the citizen cancels', async () => {
    const page = await choose(await signedIn('joni'), 'cancel');
    expect(page.url.pathname + page.url.search).toBe('/whoami?mandate=cancelled');
  });

  it('is not for persons without a Finnish code', async () => {
    const answer = await post(await signedIn('elsa'), '/identity/mandates/start');
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('mandate-no-code')]);
  });

  it('ends at the first write after the right has ended, and stays ended', async () => {
    const browser = await signedIn('joni');
    await choose(browser, 1);
    expect((await post(browser, '/whoami')).status).toBe(200);
    world.valtuudet.rights.splice(1, 1);
    const refused = await post(browser, '/whoami');
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { code: 'forbidden', key: 'mandate-ended' },
    ]);
    expect((await whoami(browser))['actsAs']).toBeUndefined();
  });

  it('ends when the child’s own will is recorded, though the register still names the guardian', async () => {
    const browser = await signedIn('joni');
    await choose(browser, 0);
    const { patientId } = await whoami(browser);
    const provenance = {
      resourceType: 'Provenance',
      id: 'release-1',
      extension: [
        {
          url: 'https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/RestrictionParent',
          valueCoding: { system: 'urn:oid:1.2.246.537.5.40202.201901', code: '3', display: 'Kieltää' },
        },
      ],
      target: [{ reference: `Patient/${patientId}` }],
      recorded: '2026-01-01T00:00:00Z',
      agent: [{ who: { display: 'Test' } }],
    };
    const context = { principal: GATEWAY, requestId: 'test' };
    await world.store.write([{ kind: 'create', resource: provenance }], context);
    expect((await post(browser, '/whoami')).status).toBe(403);
    await world.store.write([{ kind: 'delete', type: 'Provenance', id: 'release-1' }], context);
  });

  it('writes nothing while the service cannot be asked, and goes on afterwards', async () => {
    const browser = await signedIn('joni');
    await choose(browser, 1);
    world.valtuudet.setDown(true);
    expect((await post(browser, '/whoami')).status).toBe(503);
    world.valtuudet.setDown(false);
    expect((await post(browser, '/whoami')).status).toBe(200);
  });

  it('takes a callback only once, only from the session that left, and only in time', async () => {
    const isCallback = (url: URL): boolean => url.pathname === '/identity/mandates/callback';
    const browser = await signedIn('joni');
    const { url } = await choose(browser, 1, isCallback);
    const stranger = await (await signedIn('tuuli')).open(url);
    expect([stranger.status, stranger.html]).toEqual([403, expect.stringContaining('mandate-state')]);
    const again = await browser.open(url);
    expect(again.status).toBe(403);
    const late = await choose(browser, 1, isCallback);
    world.ahead = 14 * 60_000;
    await world.identity.session(browser.cookieHeader(world.baseUrl));
    world.ahead = 16 * 60_000;
    expect((await browser.open(late.url)).html).toContain('mandate-state');
  });

  it('begins and ends only from a page of the service', async () => {
    const browser = await signedIn('joni');
    for (const path of ['start', 'end']) {
      const answer = await post(browser, `/identity/mandates/${path}`, { csrf: 'forged' });
      expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('csrf')]);
    }
    expect((await post(browser, '/identity/mandates/start', { return: 'https://evil.example' })).status).toBe(
      400,
    );
  });

  it('leaves who acted for whom in the audit, and no personal identity code in a log line or an address', async () => {
    const browser = await signedIn('joni');
    await choose(browser, 1);
    const { who, patientId, actsAs } = await whoami(browser);
    const rows = await world.db.database.query(
      "SELECT who, outcome, entities FROM audit WHERE action = 'mandate' ORDER BY seq DESC LIMIT 1",
    );
    expect(rows).toEqual([{ who, outcome: 'success', entities: [`Patient/${patientId}`, actsAs] }]);
    const shown = [...world.log, ...world.addresses].join('\n');
    for (const person of TEST_PERSONS) if (person.hetu) expect(shown).not.toContain(person.hetu);
  });
});
