/** `silta conformance examples`: HL7's examples go in and come out equal, in JSON and in XML, over HTTP. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CapabilityStatement } from 'fhir/r4';
import { readConfig } from '../config.ts';
import { loadDefinitions } from '../definitions/index.ts';
import { parseExactly, stringifyExactly } from '../exact-json.ts';
import { createFhirXml, type FhirXml } from '../mapping/index.ts';
import type { Resource } from '../resource.ts';
import { findChange } from './compare-resources.ts';
import { fetchExamples } from './example-package.ts';
import { CommandError } from './exit.ts';
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

/** What became of an example; `problem` says why. */
interface Verdict {
  readonly example: Example;
  readonly outcome: 'equal' | 'refused' | 'differing';
  readonly problem?: string;
}

const FORMS = { json: 'application/fhir+json', xml: 'application/fhir+xml' } as const;
type Form = keyof typeof FORMS;

/** Records that are created and never changed: their ids are the server's. */
const APPEND_ONLY: ReadonlySet<string> = new Set(['AuditEvent', 'Provenance']);
/** What others are judged by. */
const FIRST: readonly string[] = ['CodeSystem', 'ValueSet', 'StructureDefinition', 'Questionnaire'];
const AT_ONCE = 4;
const FEW = 3;
const LARGEST_BODY = '104857600';

const write = (line: string) => process.stdout.write(`${line}\n`);

/**
 * Sends every example of the types that the gateway keeps, in both forms, and demands it back equal in both.
 *
 * @param directory with examples as JSON files; HL7's package, fetched by npm, when not given
 * @throws CommandError when one is refused or differs (1), or there are none (2)
 */
export async function judgeExamples(directory: string | undefined, options: ExampleOptions): Promise<void> {
  const source = directory ?? (await fetchExamples(write));
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const xml = createFhirXml(await loadDefinitions({ profiles: profilesDirectory(config) }));
  const gateway = await startThrowawayGateway(config.DATABASE_URL, {
    SILTA_CLIENT_IDS: 'true',
    SILTA_ENFORCE_REFERENCES: 'false',
    SILTA_BODY_LIMIT_BYTES: LARGEST_BODY,
  });
  try {
    const types = await keptTypes(gateway, options.types);
    const examples = await readExamples(source, types);
    if (examples.length === 0) throw new CommandError(`${source}: there are no examples here`, 2);
    report(await tryAll(examples, gateway, xml), options.all ?? false);
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

async function tryAll(
  examples: readonly Example[],
  gateway: ThrowawayGateway,
  xml: FhirXml,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const left = [...examples];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift())
      verdicts.push(await tryExample(next, gateway, xml));
  };
  // Types that others are judged by are there before the others are sent.
  const early = examples.filter(({ type }) => FIRST.includes(type)).length;
  const late = left.splice(early);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  left.push(...late);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}

async function tryExample(example: Example, gateway: ThrowawayGateway, xml: FhirXml): Promise<Verdict> {
  const { type, resource } = example;
  for (const form of ['json', 'xml'] as const) {
    const body = form === 'json' ? stringifyExactly(resource) : xml.write(resource, 'as it is');
    const isNew = APPEND_ONLY.has(type);
    const sent = await call(
      gateway,
      isNew ? 'POST' : 'PUT',
      isNew ? type : `${type}/${resource.id}`,
      form,
      body,
    );
    if (sent.status >= 300) return { example, outcome: 'refused', problem: `${form}: ${explain(sent, xml)}` };
    const address = sent.location?.replace(/\/_history\/.*/, '').slice(gateway.fhirBase.length + 1) ?? '';
    const wanted = isNew ? { ...resource, id: address.split('/')[1] } : resource;
    for (const asked of ['json', 'xml'] as const) {
      const answer = await call(gateway, 'GET', address, asked);
      if (answer.status !== 200)
        return { example, outcome: 'differing', problem: `${asked}: ${explain(answer, xml)}` };
      const change = findChange(wanted, read(answer.text, asked, xml));
      if (change !== undefined) {
        return { example, outcome: 'differing', problem: `${change}, sent as ${form}, read as ${asked}` };
      }
    }
  }
  return { example, outcome: 'equal' };
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

/** The errors of an OperationOutcome in one line. */
function explain({ status, text, form }: Answer, xml: FhirXml): string {
  const { issue = [] } = read(text, form, xml) as {
    issue?: readonly { severity: string; diagnostics?: string; expression?: readonly string[] }[];
  };
  const errors = issue.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  const said = errors
    .slice(0, FEW)
    .map(({ diagnostics, expression }) => `${expression?.[0] ?? ''} ${diagnostics}`);
  return [`${status}`, ...said].join(' | ');
}

function report(verdicts: readonly Verdict[], all: boolean): void {
  const types = [...new Set(verdicts.map(({ example }) => example.type))].sort();
  const row = (name: string, ...counts: readonly (number | string)[]) =>
    write(name.padEnd(34) + counts.map((each) => String(each).padStart(10)).join(''));
  const count = (some: readonly Verdict[], outcome: Verdict['outcome']) =>
    some.filter((each) => each.outcome === outcome).length;
  row('type', 'tried', 'refused', 'differing');
  for (const type of types) {
    const some = verdicts.filter(({ example }) => example.type === type);
    row(type, some.length, count(some, 'refused'), count(some, 'differing'));
  }
  const [refused, differing] = [count(verdicts, 'refused'), count(verdicts, 'differing')];
  row('all', verdicts.length, refused, differing);
  for (const type of types)
    showFailures(
      verdicts.filter(({ example }) => example.type === type),
      all,
    );
  if (refused + differing > 0)
    throw new CommandError(`${refused + differing} example(s) refused or differing`);
}

function showFailures(some: readonly Verdict[], all: boolean): void {
  const failed = some.filter(({ outcome }) => outcome !== 'equal');
  for (const { example, outcome, problem } of all ? failed : failed.slice(0, FEW)) {
    write(`✗ ${example.file} ${outcome}: ${problem}`);
  }
  const hidden = all ? 0 : Math.max(0, failed.length - FEW);
  if (hidden > 0) write(`  … and ${hidden} more; --all shows them`);
}
