import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QuestionnaireResponse, Task } from 'fhir/r4';
import { SiltaError } from '../../src/outcome.ts';
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
}, 60_000);

afterAll(() => site.close());

const bdi = { ...codeOf('complete-questionnaire', 'BDI'), ...questionnaireInput('bdi-shell') };
const mood = {
  ...codeOf('complete-questionnaire', 'Mieliala'),
  ...questionnaireInput('mood-self-assessment'),
};

function bdiFields(score: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`a.bdi-${n + 1}`, String(score)]));
}

async function responsesTo(name: string): Promise<readonly QuestionnaireResponse[]> {
  const { matches } = await site.store.search({
    type: 'QuestionnaireResponse',
    parameters: [],
    visibility: { patientId: CITIZEN, sectors: ['health', 'social'] },
  });
  return matches
    .map(({ content }) => JSON.parse(content ?? '') as QuestionnaireResponse)
    .filter(({ questionnaire }) => questionnaire?.includes(name));
}

async function readTask(id: string): Promise<Task> {
  return JSON.parse((await site.store.read('Task', id))?.content ?? '') as Task;
}

describe('a questionnaire as a form', () => {
  it('asks every visible question in a group with its text, and nothing that is computed', async () => {
    await put(site.store, taskOf('ask', bdi));
    const { status, text } = await site.get('/my/questionnaires/ask');
    expect(status).toBe(200);
    expect(text.match(/<fieldset [^>]*role="radiogroup" aria-required="true"/g)).toHaveLength(21);
    expect(text).toContain('<legend>Kysymys 21 <span class="required">(pakollinen)</span></legend>');
    expect(text).not.toContain('Kokonaispistemäärä');
    expect(text).toContain('BDI-mittarin teksti on lisensoitu');
  });

  it('is in the language of the citizen', async () => {
    await put(site.store, taskOf('ask-mood', mood));
    const { text } = await site.get('/my/questionnaires/ask-mood?lang=sv');
    expect(text).toContain('Hurdan har din sinnesstämning varit?');
    expect(text).toContain('Jag behöver hjälp snart');
    expect(text).not.toContain('<span lang="fi">');
    expect(text).toContain('maxlength="2000"');
  });

  it('ties hints to their field', async () => {
    const { text } = await site.get('/my/questionnaires/ask-mood');
    const id = /<textarea id="(q\d+)"/.exec(text)?.[1];
    expect(text).toContain(`<label for="${id}">`);
    expect(text).toContain(`aria-describedby="${id}-hint"`);
    expect(text).toContain(`<p class="hint" id="${id}-hint">Enintään 2000 merkkiä.</p>`);
  });
});

describe('sending the answers', () => {
  it('stores them with the total that the gateway computes, and completes the task with a link to them', async () => {
    await put(site.store, taskOf('bdi-1', bdi));
    const sent = await site.post('/my/questionnaires/bdi-1', { csrf: CSRF, ...bdiFields(1) });
    expect([sent.status, sent.headers.get('location')]).toEqual([303, '/my?done=answers']);
    const [response] = await responsesTo('bdi-shell');
    expect(response).toMatchObject({
      status: 'completed',
      questionnaire: 'https://silta.example/fhir/Questionnaire/bdi-shell|1.0.0',
      subject: { reference: `Patient/${CITIZEN}` },
      author: { reference: `Patient/${CITIZEN}` },
    });
    const total = response?.item?.find(({ linkId }) => linkId === 'total');
    expect(total?.answer).toEqual([{ valueInteger: 21 }]);
    const task = await readTask('bdi-1');
    expect(task.status).toBe('completed');
    expect(task.output?.[0]?.valueReference?.reference).toBe(`QuestionnaireResponse/${response?.id}`);
  });

  it('keeps the answers and shows what is missing, beside the question and in a summary', async () => {
    await put(site.store, taskOf('bdi-2', bdi));
    const { 'a.bdi-7': _left, ...fields } = bdiFields(2);
    const page = await site.post('/my/questionnaires/bdi-2', { csrf: CSRF, ...fields });
    expect(page.status).toBe(422);
    expect(page.text).toContain('<title>Virhe: Mielialakysely (BDI)');
    expect(page.text).toMatch(/role="alert"[^>]*>\s*<h2[^>]*>Korjaa yksi kohta<\/h2>/);
    expect(page.text).toContain('<a href="#q7-0">Kysymys 7</a>: Vastaa tähän kysymykseen.');
    expect(page.text).toMatch(/id="q7-group"[^>]*aria-describedby="q7-problem" aria-invalid="true"/);
    expect(page.text).toContain('id="q7-problem"');
    expect(page.text.match(/ checked/g)).toHaveLength(20);
    expect((await readTask('bdi-2')).status).toBe('requested');
  });

  it('stores nothing when a choice is not among the options', async () => {
    await put(site.store, taskOf('mood-1', mood));
    for (const contact of ['9', '-1', 'need-help-soon', '1e1']) {
      const page = await site.post('/my/questionnaires/mood-1', { csrf: CSRF, 'a.contact': contact });
      expect([contact, page.status]).toEqual([contact, 422]);
      expect(page.text).toContain('Valitse jokin annetuista vaihtoehdoista.');
    }
    expect(await responsesTo('mood-self-assessment')).toEqual([]);
  });

  it('shows written text again as text, whatever it contains', async () => {
    const wicked = '</textarea><script>alert(1)</script>';
    const page = await site.post('/my/questionnaires/mood-1', { csrf: CSRF, 'a.free-text': wicked });
    expect(page.status).toBe(422);
    expect(page.text).toContain('&lt;/textarea&gt;&lt;script&gt;');
    expect(page.text).not.toContain('<script');
  });

  it('refuses a text that is too long', async () => {
    const fields = { csrf: CSRF, 'a.contact': '2', 'a.free-text': 'a'.repeat(2001) };
    const page = await site.post('/my/questionnaires/mood-1', fields);
    expect(page.status).toBe(422);
    expect(page.text).toContain('liian pitkä');
  });

  it('is refused without the token of the session', async () => {
    const page = await site.post('/my/questionnaires/mood-1', { csrf: 'guess', 'a.contact': '0' });
    expect(page.status).toBe(403);
    expect((await readTask('mood-1')).status).toBe('requested');
  });

  it('happens once: a task that is done is not answered again', async () => {
    const sent = await site.post('/my/questionnaires/mood-1', { csrf: CSRF, 'a.contact': '0' });
    expect(sent.status).toBe(303);
    const again = await site.post('/my/questionnaires/mood-1', { csrf: CSRF, 'a.contact': '0' });
    expect(again.status).toBe(409);
    expect(again.text).toContain('Tähän kyselyyn on jo vastattu');
    expect(await responsesTo('mood-self-assessment')).toHaveLength(1);
  });

  it('two at the same time store one answer', async () => {
    await put(site.store, taskOf('mood-2', mood));
    const before = (await responsesTo('mood-self-assessment')).length;
    const send = () => site.post('/my/questionnaires/mood-2', { csrf: CSRF, 'a.contact': '1' });
    const pages = await Promise.all([send(), send(), send()]);
    expect(pages.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(await responsesTo('mood-self-assessment')).toHaveLength(before + 1);
  });

  it('is open for nobody else, and for no task without a questionnaire', async () => {
    const others = { for: { reference: `Patient/${STRANGER}` }, owner: { reference: `Patient/${STRANGER}` } };
    await put(
      site.store,
      taskOf('theirs', { ...bdi, ...others }),
      taskOf('plain', codeOf('self-care', 'Ui')),
    );
    for (const id of ['theirs', 'plain', 'nowhere', '..%2Fx']) {
      expect([id, (await site.get(`/my/questionnaires/${id}`)).status]).toEqual([id, 404]);
    }
  });
});

describe('when the gateway cannot write', () => {
  it.each([
    ['unavailable', 503, 'Mitään ei kadonnut'],
    ['precondition-failed', 412, 'Tehtävä on muuttunut sillä välin'],
  ] as const)('the page says so after %s and keeps the answers', async (code, status, text) => {
    const broken = await openSite({
      transact: () => Promise.reject(new SiltaError(code, 'The database is away.')),
    });
    try {
      await put(broken.store, taskOf('bdi-3', bdi));
      const page = await broken.post('/my/questionnaires/bdi-3', { csrf: CSRF, ...bdiFields(3) });
      expect(page.status).toBe(status);
      expect(page.text).toContain(text);
      expect(page.text).not.toContain('The database is away.');
      expect(page.text.match(/ checked/g)).toHaveLength(21);
    } finally {
      await broken.close();
    }
  });
});
