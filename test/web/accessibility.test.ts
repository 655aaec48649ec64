import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { codeOf, OPERATOR_TOKEN, openSite, put, questionnaireInput, type Site, taskOf } from './site.ts';

const BROWSER = '/usr/bin/chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

const hasBrowser = existsSync(BROWSER);
if (!hasBrowser) console.warn(`The pages are not judged in a browser: there is no ${BROWSER}.`);

(hasBrowser ? describe : describe.skip)('the pages in a browser', () => {
  let site: Site;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    site = await openSite();
    const mood = questionnaireInput('mood-self-assessment');
    const bdi = questionnaireInput('bdi-shell');
    await put(
      site.store,
      taskOf('mood', { ...codeOf('complete-questionnaire', 'Täytä mielialan itsearvio'), ...mood }),
      taskOf('mood-2', { ...codeOf('complete-questionnaire', 'Täytä mielialan itsearvio'), ...mood }),
      taskOf('bdi', { ...codeOf('complete-questionnaire', 'Täytä mielialakysely'), ...bdi }),
      taskOf('walk', { ...codeOf('self-care', 'Kävele'), restriction: { period: { end: '2026-01-02' } } }),
      taskOf('call', codeOf('contact', 'Yhteydenotto')),
      taskOf('slept', { ...codeOf('self-care', 'Nuku'), status: 'completed' }),
    );
    site.deliveries.push({
      id: 'd-1',
      system: 'sap-c4c',
      route: 'ticket',
      source: 'Task/t-1/_history/1',
      state: 'dead',
      attempts: 4,
      createdAt: '2026-03-14T10:00:00.000Z',
      dueAt: '2026-03-14T10:00:00.000Z',
      outcome: {
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: 'processing', diagnostics: 'a.fml:1:2: wrong' }],
      },
    });
    browser = await chromium.launch({
      executablePath: BROWSER,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    // axe is put into the page by the test; the pages themselves run no script.
    const context = await browser.newContext({ bypassCSP: true });
    await context.addCookies([{ name: 'session', value: 'citizen', url: site.url }]);
    page = await context.newPage();
  }, 90_000);

  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  async function findViolations(): Promise<readonly string[]> {
    await page.evaluate(AXE);
    const tags = JSON.stringify(RULES);
    const result = (await page.evaluate(
      `axe.run(document, { runOnly: { type: 'tag', values: ${tags} } })`,
    )) as AxeResult;
    return result.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html} ${failureSummary}`),
    );
  }

  it.each([
    '/',
    '/?lang=sv',
    '/my',
    '/my?lang=en&done=answers',
    '/my/questionnaires/mood?lang=fi',
    '/my/questionnaires/bdi?lang=sv',
    '/my/questionnaires/nowhere',
    '/console',
  ])('have no violations of WCAG 2.2 AA: %s', async (path) => {
    await page.goto(`${site.url}${path}`);
    expect(await findViolations()).toEqual([]);
  });

  it('have none either when answers are wrong, and lead to the first of them by keyboard', async () => {
    await page.goto(`${site.url}/my/questionnaires/mood?lang=fi`);
    await page.getByRole('textbox').fill('Minulle kuuluu hyvää');
    await page.getByRole('button', { name: 'Lähetä vastaukset' }).click();
    expect(await findViolations()).toEqual([]);
    expect(await page.title()).toMatch(/^Virhe:/);
    // The summary has the focus, so the next stop of the keyboard is its first link.
    expect(await page.evaluate(`document.activeElement.className`)).toBe('summary');
    await page.keyboard.press('Tab');
    // The link leads to the first option itself, so the next key chooses it.
    await page.keyboard.press('Enter');
    await page.keyboard.press('Space');
    expect(await page.getByRole('radio', { name: /Tarvitsen apua pian/ }).isChecked()).toBe(true);
    expect(await page.getByRole('textbox').inputValue()).toBe('Minulle kuuluu hyvää');
  });

  it('let a citizen answer with the keyboard alone', async () => {
    await page.goto(`${site.url}/my/questionnaires/mood-2?lang=fi`);
    await page.getByRole('radio', { name: /Pärjään kohtalaisesti/ }).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/my?done=answers');
    expect(await page.getByRole('status').textContent()).toBe('Kiitos, vastauksesi on tallennettu.');
  });

  it('skip to the content at the first key', async () => {
    await page.goto(`${site.url}/my?lang=en`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`document.activeElement.textContent`)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(`document.activeElement.id`)).toBe('content');
  });

  it('fit a screen of 320 pixels without scrolling sideways', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    for (const path of ['/', '/my', '/my/questionnaires/bdi']) {
      await page.goto(`${site.url}${path}`);
      expect(
        await page.evaluate(`document.documentElement.scrollWidth <= document.documentElement.clientWidth`),
      ).toBe(true);
    }
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('show the dead letters of the console without violations', async () => {
    await page.goto(`${site.url}/console`);
    await page.getByLabel('Access token').fill(OPERATOR_TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
    expect(await findViolations()).toEqual([]);
    await page.getByRole('button', { name: /^Retry Task/ }).click();
    expect(await page.getByRole('status').textContent()).toBe('The delivery is due now.');
  });
});
