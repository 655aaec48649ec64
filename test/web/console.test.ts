import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPERATOR_TOKEN, openSite, type Site, WATCHER_TOKEN } from './site.ts';

let site: Site;
const DEAD = '5f0c7f0e-2f4b-4c43-9a33-0d5b4cf0d1aa';

beforeAll(async () => {
  site = await openSite();
  site.deliveries.push({
    id: DEAD,
    system: 'sap-c4c',
    route: 'ticket',
    source: 'Task/t-1/_history/1',
    state: 'dead',
    attempts: 4,
    createdAt: '2026-03-14T10:00:00.000Z',
    dueAt: '2026-03-14T10:00:00.000Z',
    outcome: {
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'error',
          code: 'processing',
          diagnostics: "mappings/sap-c4c/task-to-ticket.fml:41:7: rule 'priority': no <translation>",
        },
      ],
    },
  });
}, 60_000);

afterAll(() => site.close());

async function signIn(token: string): Promise<string> {
  const page = await site.post('/console/sign-in', { token }, '');
  return page.headers.get('set-cookie')?.split(';')[0] ?? '';
}

function csrfIn(text: string): string {
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

describe('the console', () => {
  it('shows nothing before an operator has signed in', async () => {
    const page = await site.get('/console', {});
    expect(page.status).toBe(401);
    expect(page.text).toContain('Sign in to the console');
    expect(page.text).not.toContain('sap-c4c');
  });

  it.each(['wrong', '', 'a b', 'x;Path=/', 'ä'.repeat(5), 'x'.repeat(4000)])(
    'takes no token but an operator’s: "%.10s"',
    async (token) => {
      const page = await site.post('/console/sign-in', { token }, '');
      expect(page.status).toBe(401);
      expect(page.headers.get('set-cookie')).toBeNull();
      expect(page.text).toContain('aria-describedby="token-problem"');
    },
  );

  it('keeps the token where only the console and no script sees it', async () => {
    const page = await site.post('/console/sign-in', { token: OPERATOR_TOKEN }, '');
    expect(page.status).toBe(303);
    const cookie = page.headers.get('set-cookie');
    expect(cookie).toMatch(/^silta-console=op\.token-31;/);
    for (const rule of ['Path=/console', 'HttpOnly', 'SameSite=Strict']) expect(cookie).toContain(rule);
    expect(site.log.join()).not.toContain(OPERATOR_TOKEN);
  });

  it('shows figures, and dead letters with the place of the mistake', async () => {
    const { text, status } = await site.get('/console', { cookie: await signIn(OPERATOR_TOKEN) });
    expect(status).toBe(200);
    expect(text).toContain('>2026-03-14 10:00:00 UTC</time>');
    expect(text).toContain('Changes not handled yet: 3, the oldest for 61 s');
    expect(text).toContain('<td>dead</td><td>1</td><td>2 h</td><td>closed</td>');
    expect(text).toContain(
      'mappings/sap-c4c/task-to-ticket.fml:41:7: rule &#39;priority&#39;: no &lt;translation&gt;',
    );
  });

  it('shows one system and state at a time', async () => {
    const cookie = await signIn(OPERATOR_TOKEN);
    expect((await site.get('/console?state=sent', { cookie })).text).toContain('There are none.');
    expect((await site.get('/console?state=dead&system=sap-c4c', { cookie })).text).toContain('Task/t-1');
    expect((await site.get('/console?state=dead&system=other', { cookie })).text).not.toContain('Task/t-1');
    expect((await site.get('/console?state=nonsense', { cookie })).text).toContain('Dead letters');
  });

  it('retries a delivery', async () => {
    const cookie = await signIn(OPERATOR_TOKEN);
    const csrf = csrfIn((await site.get('/console', { cookie })).text);
    const page = await site.post(`/console/deliveries/${DEAD}/retry`, { csrf }, cookie);
    expect([page.status, page.headers.get('location')]).toEqual([303, '/console?done=retry']);
    expect(site.retried).toEqual([DEAD]);
  });

  it('retries nothing without the token of the page, or for a client that may only look', async () => {
    const before = site.retried.length;
    const cookie = await signIn(OPERATOR_TOKEN);
    expect((await site.post(`/console/deliveries/${DEAD}/retry`, { csrf: 'x' }, cookie)).status).toBe(403);
    const watcher = await signIn(WATCHER_TOKEN);
    const { text } = await site.get('/console', { cookie: watcher });
    expect(text).not.toContain('/retry');
    const csrf = csrfIn(text);
    expect((await site.post(`/console/deliveries/${DEAD}/retry`, { csrf }, watcher)).status).toBe(403);
    expect((await site.post(`/console/deliveries/${DEAD}/retry`, { csrf }, '')).status).toBe(401);
    expect(site.retried).toHaveLength(before);
  });

  it('says when there is no such delivery', async () => {
    const cookie = await signIn(OPERATOR_TOKEN);
    const csrf = csrfIn((await site.get('/console', { cookie })).text);
    const page = await site.post('/console/deliveries/nowhere/retry', { csrf }, cookie);
    expect(page.status).toBe(404);
    expect(page.text).toContain('There is no delivery with this id.');
  });

  it('signs out', async () => {
    const cookie = await signIn(OPERATOR_TOKEN);
    const csrf = csrfIn((await site.get('/console', { cookie })).text);
    const page = await site.post('/console/sign-out', { csrf }, cookie);
    expect(page.headers.get('set-cookie')).toContain('silta-console=;');
  });
});
