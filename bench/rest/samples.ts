/** What the REST benchmark stores and sends: the same on every run, and from the size of a record system's day. */
import { createHash } from 'node:crypto';
import type { Bundle, CarePlan, Patient, Questionnaire, QuestionnaireResponse, Task } from 'fhir/r4';

export const QUESTIONNAIRE_URL = 'https://silta.example/fhir/Questionnaire/bench';
export const CANONICAL = `${QUESTIONNAIRE_URL}|1.0.0`;
export const ITEMS = 12;

/** How much is stored before anything is measured. */
export interface Sizes {
  readonly responses: number;
  readonly tasks: number;
  readonly patients: number;
}

/** @param rows QuestionnaireResponses, and as many Tasks; a tenth of that Patients */
export function sizesOf(rows: number): Sizes {
  return { responses: rows, tasks: rows, patients: Math.max(1, Math.round(rows / 10)) };
}

/** The id of the n-th stored resource of a type; a UUID. */
export function idOf(type: string, n: number): string {
  const hex = createHash('sha256').update(`${type}/${n}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** When the n-th preloaded resource was written: one a minute. */
export function storedAt(n: number): Date {
  return new Date(Date.UTC(2026, 0, 1) + n * 60_000);
}

export function questionnaire(): Questionnaire & { id: string } {
  return {
    resourceType: 'Questionnaire',
    id: 'bench',
    url: QUESTIONNAIRE_URL,
    version: '1.0.0',
    status: 'active',
    item: Array.from({ length: ITEMS }, (_, n) => questionItem(n + 1)),
  };
}

function questionItem(n: number): NonNullable<Questionnaire['item']>[number] {
  const common = { linkId: `q${n}`, text: questionText(n) };
  switch (n % 4) {
    case 0:
      return { ...common, type: 'text', maxLength: 500, required: true };
    case 1:
      return { ...common, type: 'choice', required: true, answerOption: OPTIONS };
    case 2:
      return { ...common, type: 'integer', required: true };
    default:
      return { ...common, type: 'date', required: true };
  }
}

const OPTION_SYSTEM = 'https://silta.example/fhir/CodeSystem/bench-answer';
const OPTIONS = ['never', 'seldom', 'often', 'always'].map((code) => ({
  valueCoding: { system: OPTION_SYSTEM, code, display: `The answer is ${code}` },
}));

const questionText = (n: number): string =>
  `Question ${n}: how have you been during the last two weeks, and what has changed since then?`;

export function patient(n: number): Patient & { id: string } {
  return {
    resourceType: 'Patient',
    id: idOf('Patient', n),
    active: true,
    name: [{ family: `Testinen${n}`, given: ['Aino', 'Helmi'] }],
    birthDate: `19${String(50 + (n % 50)).padStart(2, '0')}-05-17`,
    gender: n % 2 === 0 ? 'female' : 'male',
  };
}

/** About 3 KB of JSON with twelve answers. */
export function response(n: number, sizes: Sizes): QuestionnaireResponse {
  const subject = { reference: `Patient/${idOf('Patient', n % sizes.patients)}` };
  return {
    resourceType: 'QuestionnaireResponse',
    questionnaire: CANONICAL,
    status: 'completed',
    subject,
    author: subject,
    source: subject,
    authored: storedAt(n).toISOString(),
    item: Array.from({ length: ITEMS }, (_, index) => ({
      linkId: `q${index + 1}`,
      text: questionText(index + 1),
      answer: [answer(index + 1, n)],
    })),
  };
}

type Answer = NonNullable<NonNullable<QuestionnaireResponse['item']>[number]['answer']>[number];

function answer(item: number, n: number): Answer {
  switch (item % 4) {
    case 0:
      return { valueString: `Sleeping is better than before, appetite ${n % 7} of 7. ${FREE_TEXT}` };
    case 1:
      return { ...(OPTIONS[n % OPTIONS.length] as Answer) };
    case 2:
      return { valueInteger: (n * 7 + item) % 100 };
    default:
      return { valueDate: `2026-0${1 + (n % 9)}-1${item % 10}` };
  }
}

const FREE_TEXT =
  'Walking by the lake every morning has helped; evenings are still the hardest part of the day, above all in November. '.repeat(
    2,
  );

const STATUSES = ['requested', 'in-progress', 'completed', 'cancelled'] as const;

export function task(n: number, sizes: Sizes): Task {
  return {
    resourceType: 'Task',
    status: STATUSES[Math.floor(n / sizes.patients) % STATUSES.length] as Task['status'],
    intent: 'order',
    priority: 'routine',
    code: { text: 'Answer the questionnaire' },
    description: 'Answer the questionnaire before the next visit; it takes about ten minutes.',
    for: { reference: `Patient/${idOf('Patient', n % sizes.patients)}` },
    authoredOn: storedAt(n).toISOString(),
    restriction: { period: { start: '2026-01-01', end: '2026-12-31' } },
  };
}

/** A transaction: a CarePlan and its four Tasks, which refer to it. */
export function carePlanBundle(n: number, sizes: Sizes): Bundle {
  const subject = { reference: `Patient/${idOf('Patient', n % sizes.patients)}` };
  const taskUrls = [1, 2, 3, 4].map((index) => `urn:uuid:${idOf(`bundle-task-${n}`, index)}`);
  const planUrl = `urn:uuid:${idOf(`bundle-plan-${n}`, 0)}`;
  const plan: CarePlan = {
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    title: 'Care plan of the benchmark',
    subject,
    activity: taskUrls.map((reference) => ({ reference: { reference } })),
  };
  const tasks = taskUrls.map((fullUrl, index) => ({
    fullUrl,
    resource: { ...task(n + index, sizes), for: subject, basedOn: [{ reference: planUrl }] },
    request: { method: 'POST' as const, url: 'Task' },
  }));
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ fullUrl: planUrl, resource: plan, request: { method: 'POST', url: 'CarePlan' } }, ...tasks],
  };
}
