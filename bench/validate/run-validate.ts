/** The validation benchmark: what judging one resource of each kind takes, warm, in one process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Conformance, createConformance } from '../../src/conformance/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import type { Issue } from '../../src/outcome.ts';
import type { Resource } from '../../src/resource.ts';
import { createBuiltIn, createCodeJudge } from '../../src/terminology/index.ts';
import { carePlanBundle, patient, questionnaire, response, sizesOf, task } from '../rest/samples.ts';

export interface ValidateFigure {
  readonly name: string;
  readonly microseconds: number;
}

type Work = () => readonly Issue[];

const PROFILES = join(import.meta.dirname, '..', '..', 'profiles');
const CANONICAL_ROOT = 'https://silta.example/fhir';

/** @throws Error when one of the resources is not valid: then something else would be measured */
export async function runValidate(seconds: number): Promise<readonly ValidateFigure[]> {
  const definitions = await loadDefinitions({ profiles: PROFILES });
  const codes = createCodeJudge(createBuiltIn(definitions));
  const works = worksOf(createConformance({ definitions, codes }));
  return Object.entries(works).map(([name, work]) => ({
    name,
    microseconds: measure(name, work, seconds * 1000),
  }));
}

function worksOf(conformance: Conformance): Readonly<Record<string, Work>> {
  const sizes = sizesOf(100);
  const form = asResource(questionnaire());
  const plain = asResource(response(1, sizes));
  const answer = claiming('silta-questionnaireresponse', plain);
  const contact = { ...task(1, sizes), code: { coding: CONTACT } };
  const person = { ...patient(1), identifier: [HETU] };
  const plan = carePlanBundle(1, sizes).entry?.[0]?.resource;
  const mood = JSON.parse(
    readFileSync(join(PROFILES, 'questionnaires', 'mood-self-assessment.json'), 'utf8'),
  );
  const judged = (resource: Resource) => () => conformance.validate(resource);
  return {
    'QuestionnaireResponse: base R4': judged(plain),
    'QuestionnaireResponse: base R4 and profile': judged(answer),
    'QuestionnaireResponse: by its Questionnaire': () => conformance.validateResponse(answer, form),
    'QuestionnaireResponse: all three': () => [
      ...conformance.validate(answer),
      ...conformance.validateResponse(answer, form),
    ],
    'Task: base R4': judged(asResource(contact)),
    'Task: base R4 and profile': judged(claiming('silta-task', asResource(contact))),
    'CarePlan: base R4 and profile': judged(claiming('silta-careplan', asResource(plan))),
    'Patient: base R4 and profile': judged(claiming('silta-patient', asResource(person))),
    'Questionnaire, 12 items': judged(form),
    'Questionnaire, mood self-assessment': judged(mood as Resource),
  };
}

const CONTACT = [
  { system: `${CANONICAL_ROOT}/CodeSystem/task-code`, code: 'contact' },
  { system: `${CANONICAL_ROOT}/CodeSystem/ticket-kind`, code: 'normal' },
];

// An individual number of 900 or above belongs to nobody.
const HETU = { use: 'official', system: 'urn:oid:1.2.246.21', value: '010170-999R' };

const asResource = (content: unknown): Resource => content as Resource;

function claiming(profile: string, resource: Resource): Resource {
  return { ...resource, meta: { profile: [`${CANONICAL_ROOT}/StructureDefinition/${profile}`] } };
}

/** Half of the time warms up; the best of several rounds of the rest is what the code takes. */
function measure(name: string, work: Work, ms: number): number {
  const errors = work().filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`${name} is not valid: ${JSON.stringify(errors)}`);
  repeat(work, ms / 2);
  const rounds = Array.from({ length: 5 }, () => repeat(work, ms / 10));
  return Math.min(...rounds);
}

/** Microseconds of processor time for each run: what others do on the machine meanwhile does not count. */
function repeat(work: Work, ms: number): number {
  const start = performance.now();
  const before = process.cpuUsage();
  let runs = 0;
  while (performance.now() - start < ms) {
    for (let n = 0; n < 20; n++) work();
    runs += 20;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

/** A table of the figures. */
export function toValidateTable(figures: readonly ValidateFigure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures
    .map(({ name, microseconds }) => `${name.padEnd(width)}  ${microseconds.toFixed(1).padStart(8)} µs`)
    .join('\n');
}
