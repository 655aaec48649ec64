/** `silta conformance examples`: HL7's examples go in and come out equal, in JSON and in XML, over HTTP. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CapabilityStatement } from 'fhir/r4';
import { readConfig } from '../config.ts';
import { type Definitions, loadDefinitions } from '../definitions/index.ts';
import { parseExactly, stringifyExactly } from '../exact-json.ts';
import { createFhirXml, type FhirXml } from '../mapping/index.ts';
import type { Resource } from '../resource.ts';
import { findChange } from './compare-resources.ts';
import { fetchExamples } from './example-package.ts';
import { explainRefusal, type Refusal, SET_BY_SERVER, withoutServerSet } from './example-policies.ts';
import { type Outcome, reportExamples, type Verdict } from './example-report.ts';
import { CommandError } from './exit.ts';
import { explainFlaw } from './flawed-examples.ts';
import { profilesDirectory } from './installation.ts';
import { startThrowawayGateway, type ThrowawayGateway } from './throwaway-gateway.ts';

export interface ExampleOptions {
  /** Resource types, separated by commas; all that the gateway keeps when not given. */
  readonly types?: string;
  /** Whether every failure is shown, and not only some of each type. */
  readonly all?: boolean;
}

interface Example {
  readonly file: string;
  readonly type: string;
  readonly resource: Resource;
}

interface Tools {
  readonly gateway: ThrowawayGateway;
  readonly xml: FhirXml;
  readonly definitions: Definitions;
}

const FORMS = { json: 'application/fhir+json', xml: 'application/fhir+xml' } as const;
type Form = keyof typeof FORMS;

/** Records that are created and never changed: their ids are the server's. */
const APPEND_ONLY: ReadonlySet<string> = new Set(['AuditEvent', 'Provenance']);
/** An id that no address can hold is left to the judgement of the resource. */
const ADDRESSABLE = /^[A-Za-z0-9\-.]{1,64}$/;
/** What others are judged by. */
const FIRST: readonly string[] = ['CodeSystem', 'ValueSet', 'StructureDefinition', 'Questionnaire'];
const AT_ONCE = 4;
const LARGEST_BODY = '104857600';

const write = (line: string) => process.stdout.write(`${line}\n`);

/**
 * Sends every example of the types that the gateway keeps, in both forms, and demands it back equal in both. What breaks
 * R4's own rules must be refused for just that; what is refused or shown otherwise on purpose is told apart.
 *
 * @param directory with examples as JSON files; HL7's package, fetched by npm, when not given
 * @throws CommandError when one is refused or differs (1), or there are none (2)
 */
export async function judgeExamples(directory: string | undefined, options: ExampleOptions): Promise<void> {
  const source = directory ?? (await fetchExamples(write));
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const definitions = await loadDefinitions({ profiles: profilesDirectory(config) });
  const xml = createFhirXml(definitions);
  const gateway = await startThrowawayGateway(config.DATABASE_URL, {
    SILTA_CLIENT_IDS: 'true',
    SILTA_ENFORCE_REFERENCES: 'false',
    SILTA_BODY_LIMIT_BYTES: LARGEST_BODY,
  });
  try {
    const types = await keptTypes(gateway, options.types);
    const examples = await readExamples(source, types);
    if (examples.length === 0) throw new CommandError(`${source}: there are no examples here`, 2);
    reportExamples(await tryAll(examples, { gateway, xml, definitions }), options.all ?? false);
  } finally {
    await gateway.close();
  }
}

/** The types that the gateway says it keeps, confined to those asked for. */
async function keptTypes(
  { fhirBase }: ThrowawayGateway,
  asked: string | undefined,
): Promise<ReadonlySet<string>> {
  const response = await fetch(`${fhirBase}/metadata`);
  const statement = (await response.json()) as CapabilityStatement;
  const kept = new Set<string>(statement.rest?.[0]?.resource?.map(({ type }) => type));
  if (asked === undefined) return kept;
  const wanted = asked.split(',').map((each) => each.trim());
  const unknown = wanted.find((each) => !kept.has(each));
  if (unknown !== undefined) throw new CommandError(`--types: '${unknown}' is not kept by the gateway`, 2);
  return new Set(wanted);
}

async function readExamples(directory: string, types: ReadonlySet<string>): Promise<readonly Example[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${directory}: cannot be read: ${error.code}`, 2);
  });
  const examples: Example[] = [];
  for (const file of names.filter((name) => name.endsWith('.json')).sort()) {
    const resource = parse(await readFile(join(directory, file), 'utf8'), file);
    const { resourceType: type, id } = resource;
    if (types.has(type) && typeof id === 'string') examples.push({ file, type, resource });
  }
  const rank = ({ type }: Example) => (FIRST.includes(type) ? FIRST.indexOf(type) : FIRST.length);
  return examples.sort((a, b) => rank(a) - rank(b));
}

function parse(text: string, file: string): Resource {
  try {
    return parseExactly(text) as Resource;
  } catch (error) {
    throw new CommandError(`${file}: is not JSON: ${(error as Error).message}`, 2);
  }
}

async function tryAll(examples: readonly Example[], tools: Tools): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const left = [...examples];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift())
      verdicts.push({ ...next, ...(await tryExample(next, tools)) });
  };
  // Types that others are judged by are there before the others are sent.
  const early = examples.filter(({ type }) => FIRST.includes(type)).length;
  const late = left.splice(early);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  left.push(...late);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}

type Judged = Pick<Verdict, 'outcome' | 'problem'>;

async function tryExample(example: Example, tools: Tools): Promise<Judged> {
  const { gateway, xml } = tools;
  const { type, resource } = example;
  let judged: Judged = { outcome: 'equal' };
  for (const form of ['json', 'xml'] as const) {
    const body = form === 'json' ? stringifyExactly(resource) : xml.write(resource, 'as it is');
    const isNew = APPEND_ONLY.has(type) || !ADDRESSABLE.test(String(resource.id));
    const path = isNew ? type : `${type}/${resource.id}`;
    const sent = await call(gateway, isNew ? 'POST' : 'PUT', path, form, body);
    if (sent.status >= 300) return judgeRefusal(example, sent, tools);
    const address = sent.location?.replace(/\/_history\/.*/, '').slice(gateway.fhirBase.length + 1) ?? '';
    const wanted = isNew ? { ...resource, id: address.split('/')[1] } : resource;
    for (const asked of ['json', 'xml'] as const) {
      const answer = await call(gateway, 'GET', address, asked);
      if (answer.status !== 200)
        return { outcome: 'differing', problem: `${asked}: ${describe(answer, errorsIn(answer, xml))}` };
      const received = read(answer.text, asked, xml);
      if (findChange(wanted, received) === undefined) continue;
      const change = findChange(withoutServerSet(wanted), withoutServerSet(received));
      if (change !== undefined)
        return { outcome: 'differing', problem: `${change}, sent as ${form}, read as ${asked}` };
      judged = { outcome: 'policy', problem: SET_BY_SERVER };
    }
  }
  return judged;
}

/** Whether the example itself is at fault, or a policy explains the refusal, or neither. */
function judgeRefusal(example: Example, sent: Answer, { xml, definitions }: Tools): Judged {
  const errors = errorsIn(sent, xml);
  const expressions = errors.map(({ expression }) => expression);
  const told = (outcome: Outcome, why: readonly string[]): Judged => ({ outcome, problem: why.join('; ') });
  const rules = explainFlaw(example, expressions, definitions);
  if (rules) return told('flawed', rules);
  const policies = explainRefusal(errors);
  if (policies) return told('policy', policies);
  return told('refused', [`${sent.form}: ${describe(sent, errors)}`]);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly form: Form;
  readonly location: string | null;
}

async function call(
  { fhirBase, token }: ThrowawayGateway,
  method: string,
  path: string,
  form: Form,
  body?: string,
): Promise<Answer> {
  const response = await fetchAgain(`${fhirBase}/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${await token()}`,
      Accept: FORMS[form],
      ...(body !== undefined && { 'Content-Type': FORMS[form] }),
    },
    ...(body !== undefined && { body }),
  });
  const { status, headers } = response;
  return { status, text: await response.text(), form, location: headers.get('location') };
}

const ATTEMPTS = 3;

/** Gateway and client share a process: a long judgement lets a connection that was kept alive grow too old. */
async function fetchAgain(url: string, request: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(url, request);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

function read(text: string, form: Form, xml: FhirXml): object {
  return form === 'json' ? (parseExactly(text) as object) : xml.read(text, DEEPEST).resource;
}

const DEEPEST = 500;

function errorsIn({ text, form }: Answer, xml: FhirXml): readonly Refusal[] {
  const { issue = [] } = read(text, form, xml) as {
    issue?: readonly { severity: string; diagnostics?: string; expression?: readonly string[] }[];
  };
  return issue
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map(({ diagnostics = '', expression = [] }) => ({ diagnostics, expression: expression[0] ?? '' }));
}

const FEW = 3;

/** A refusal in one line. */
function describe({ status }: Answer, errors: readonly Refusal[]): string {
  const said = errors.slice(0, FEW).map(({ diagnostics, expression }) => `${expression} ${diagnostics}`);
  return [`${status}`, ...said].join(' | ');
}
