import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CITIZEN,
  CSRF,
  codeOf,
  openSite,
  put,
  questionnaireInput,
  type Site,
  STRANGER,
  taskOf,
} from './site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite();
  const questionnaire = 'https://silta.example/fhir/Questionnaire/bdi-shell|1.0.0';
  await put(
    site.store,
    {
      resourceType: 'CarePlan',
      id: 'cp-1',
      status: 'active',
      intent: 'plan',
      title: 'Oma <polku>',
      subject: { reference: `Patient/${CITIZEN}` },
    },
    taskOf('bdi', {
      ...codeOf('complete-questionnaire', 'Täytä mielialakysely'),
      ...questionnaireInput('bdi-shell'),
      basedOn: [{ reference: 'CarePlan/cp-1' }],
      restriction: { period: { end: '2026-03-20T10:00:00Z' } },
    }),
    taskOf('walk', {
      ...codeOf('self-care', 'Kävele metsässä'),
      basedOn: [{ reference: 'CarePlan/cp-1' }],
      restriction: { period: { end: '2026-03-02' } },
    }),
    taskOf('today', {
      ...codeOf('self-care', 'Lepää'),
      restriction: { period: { end: '2026-03-14' } },
    }),
    taskOf('slept', {
      ...codeOf('self-care', 'Nuku'),
      status: 'completed',
      basedOn: [{ reference: 'CarePlan/cp-1' }],
    }),
    taskOf('call', {
      ...codeOf('contact', 'Yhteydenotto'),
      description: 'Ohje ammattilaiselle',
      owner: { reference: 'Organization/o-1' },
    }),
    taskOf('described', {
      code: { coding: [{ system: 'https://silta.example/fhir/CodeSystem/task-code', code: 'self-care' }] },
      description: 'Piirrä päiväsi',
    }),
    taskOf('foreign', {
      ...codeOf('self-care', 'Jonkun toisen asia'),
      for: { reference: `Patient/${STRANGER}` },
      owner: { reference: `Patient/${STRANGER}` },
    }),
    {
      resourceType: 'QuestionnaireResponse',
      id: 'qr-1',
      status: 'completed',
      questionnaire,
      authored: '2026-03-03T21:30:00Z',
      subject: { reference: `Patient/${CITIZEN}` },
      item: [{ linkId: 'total', answer: [{ valueInteger: 27 }] }],
    },
  );
}, 60_000);

afterAll(() => site.close());

describe('the landing page', () => {
  it('says what Silta is and leads to sign-in', async () => {
    const page = await site.get('/', {});
    expect(page.status).toBe(200);
    expect(page.text).toContain('<html lang="fi">');
    expect(page.text).toContain('href="/identity/suomifi/start?return=%2Fmy&amp;lang=fi"');
  });

  it('allows no script and no frame', async () => {
    const { headers, text } = await site.get('/', {});
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(text).not.toMatch(/<script|style=|onclick/);
  });

  it('speaks the language of the address, then of the cookie, then of the browser', async () => {
    const lang = (page: { text: string }) => /<html lang="(..)">/.exec(page.text)?.[1];
    expect(lang(await site.get('/', { 'accept-language': 'de, sv;q=0.7, en;q=0.5' }))).toBe('sv');
    const chosen = await site.get('/?lang=en', { 'accept-language': 'sv' });
    expect(lang(chosen)).toBe('en');
    const cookie = chosen.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(cookie).toBe('silta-language=en');
    expect(lang(await site.get('/', { cookie, 'accept-language': 'sv' }))).toBe('en');
    expect(lang(await site.get('/?lang=xx', { 'accept-language': 'de' }))).toBe('fi');
  });

  it('tells whoever turned back from signing in that they are not signed in', async () => {
    const turned = await site.get('/my?signin=cancelled', {});
    expect([turned.status, turned.headers.get('location')]).toEqual([303, '/?signin=cancelled']);
    expect((await site.get('/?signin=cancelled', {})).text).toContain('Kirjautuminen keskeytettiin');
  });

  it('brings its style along', async () => {
    const style = await site.get('/assets/silta.css', {});
    expect(style.headers.get('content-type')).toContain('text/css');
    expect(style.text).toContain(':focus-visible');
  });
});

describe("the citizen's page", () => {
  it('tells whoever chose nobody to act for so, in their language', async () => {
    const notice = 'Ketään ei valittu, jonka puolesta asioida.';
    expect((await site.get('/my?mandate=none')).text).toContain(notice);
    expect((await site.get('/my')).text).not.toContain(notice);
  });

  it('leads to sign-in and back when nobody is signed in', async () => {
    const page = await site.get('/my', {});
    expect([page.status, page.headers.get('location')]).toEqual([
      303,
      '/identity/suomifi/start?return=%2Fmy&lang=fi',
    ]);
  });

  it('shows open tasks with state and due date, and which are late', async () => {
    const { text } = await site.get('/my');
    expect(text).toContain('Täytä mielialakysely');
    expect(text).toContain('Tee viimeistään 20. maaliskuuta 2026');
    expect(text).toContain('Määräaika meni 2. maaliskuuta 2026');
    expect(text).toContain('Tee viimeistään 14. maaliskuuta 2026');
    expect(text).toContain('href="/my/questionnaires/bdi"');
    expect(text).toContain('action="/my/tasks/walk/complete"');
  });

  it('shows plans with their progress and answers with their score', async () => {
    const { text } = await site.get('/my');
    expect(text).toContain('Oma &lt;polku&gt;');
    expect(text).toContain('Tehtäviä tehty 1/3');
    expect(text).toContain('Mielialakysely (BDI)');
    expect(text).toMatch(/<td>3\. maaliskuuta 2026<\/td>\s*<td>27<\/td>/);
  });

  it('shows contacts without the instruction that is meant for the professional', async () => {
    const { text } = await site.get('/my');
    expect(text).toContain('Yhteydenotot');
    expect(text).not.toContain('Ohje ammattilaiselle');
    expect(text).not.toContain('/my/tasks/call');
  });

  it("never shows another citizen's matters, and is kept by no cache", async () => {
    const page = await site.get('/my');
    expect(page.text).not.toContain('Jonkun toisen asia');
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('escapes the name of the citizen and offers to sign out with the token of the session', async () => {
    const { text } = await site.get('/my');
    expect(text).toContain('Aino &lt;Esimerkki&gt;');
    expect(text).toContain(`action="/identity/logout"`);
    expect(text).toContain(`name="csrf" value="${CSRF}"`);
  });

  it.each([
    ['sv', 'Uppgifter', 'Enkät om sinnesstämning (BDI)'],
    ['en', 'To do', 'Mood questionnaire (BDI)'],
  ])('speaks %s, and marks what is in another language', async (language, heading, title) => {
    const { text } = await site.get(`/my?lang=${language}`);
    expect(text).toContain(`<html lang="${language}">`);
    expect(text).toContain(heading);
    expect(text).toContain(title);
    expect(text).toContain('<span lang="fi">Kävele metsässä</span>');
  });
});

describe('marking a task as done', () => {
  it('completes it', async () => {
    await put(site.store, taskOf('swim', codeOf('self-care', 'Ui')));
    const done = await site.post('/my/tasks/swim/complete', { csrf: CSRF });
    expect([done.status, done.headers.get('location')]).toEqual([303, '/my?done=task']);
    const stored = await site.store.read('Task', 'swim');
    expect(JSON.parse(stored?.content ?? '')).toMatchObject({ status: 'completed' });
    expect((await site.get('/my?done=task')).text).toContain('Tehtävä on merkitty tehdyksi.');
  });

  it('is refused without the token of the session, and changes nothing', async () => {
    for (const fields of [{}, { csrf: 'another' }]) {
      const page = await site.post('/my/tasks/walk/complete', fields);
      expect(page.status).toBe(403);
      expect(page.text).toContain('Sivu oli vanhentunut');
    }
    const stored = await site.store.read('Task', 'walk');
    expect(JSON.parse(stored?.content ?? '')).toMatchObject({ status: 'requested' });
  });

  it.each([
    ['call', 409],
    ['bdi', 409],
    ['slept', 409],
    ['foreign', 404],
    ['nowhere', 404],
  ])('is refused for the task %s', async (id, status) => {
    expect((await site.post(`/my/tasks/${id}/complete`, { csrf: CSRF })).status).toBe(status);
  });

  it('is refused when the session has ended, with the way to sign in', async () => {
    const page = await site.post('/my/tasks/walk/complete', { csrf: CSRF }, '');
    expect(page.status).toBe(401);
    expect(page.text).toContain('/identity/suomifi/start');
  });
});

describe('requests that no page sends', () => {
  it.each([
    ['/my/questionnaires/%E0%A4%A', 400, 'Pyyntöä ei voitu käsitellä.'],
    ['/my/questionnaires/a/b/c', 404, ''],
  ])('are the fault of whoever sends them: %s', async (path, status, text) => {
    const page = await site.get(path);
    expect(page.status).toBe(status);
    expect(page.text).toContain(text);
    expect(page.text).not.toMatch(/\.ts:|node_modules/);
  });

  it('to an address that is nowhere are answered with a page for a browser, in its language', async () => {
    const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-language': 'sv' };
    const page = await site.get('/mina-arenden', headers);
    expect(page.status).toBe(404);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).toContain('Sidan hittades inte.');
    expect((await site.get('/mina-arenden', { accept: '*/*' })).text).not.toContain('Sidan hittades inte.');
  });

  it('such as a form that is too large are refused as that', async () => {
    const page = await site.post('/my/tasks/walk/complete', { csrf: CSRF, more: 'x'.repeat(300_000) });
    expect(page.status).toBe(413);
    expect(page.text).toContain('Lähetit liikaa tietoa kerralla.');
    expect((await site.post('/console/sign-in', { token: 'x'.repeat(300_000) }, '')).status).toBe(413);
  });
});

describe('a Task that has nothing but a description', () => {
  it('is named by it, once, and its button too', async () => {
    const page = await site.get('/my?lang=fi');
    expect(page.text.split('Piirrä päiväsi')).toHaveLength(3);
    expect(page.text).toContain('<button type="submit">Merkitse tehdyksi: Piirrä päiväsi</button>');
  });
});
