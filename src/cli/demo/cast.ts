/** Who plays in the demo, and what they remember from step to step. */
import type { Bundle, FhirResource, OperationOutcome, Task } from 'fhir/r4';
import { CommandError } from '../exit.ts';
import type { SandboxUsers } from '../sandbox-client.ts';

export const CANONICAL = 'https://silta.example/fhir';
export const MOOD = `${CANONICAL}/Questionnaire/mood-self-assessment|1.0.0`;
export const BDI = `${CANONICAL}/Questionnaire/bdi-shell|1.0.0`;
const TICKET_KIND = `${CANONICAL}/CodeSystem/ticket-kind`;
export const TICKET_IDENTIFIER = `${CANONICAL}/identifier/ticket`;

export interface Cast {
  readonly users: SandboxUsers;
  readonly sandboxUrl: string;
  readonly began: Date;
  citizen: { readonly token: string; readonly patient: string };
  carePlan: string;
  /** Answers given, by what they are for. */
  readonly answers: Map<'mood' | 'bdi-12' | 'bdi-24', string>;
  /** Tasks whose tickets are looked for in SAP, by ticket kind. */
  readonly tickets: Map<string, Task>;
}

export function createCast(users: SandboxUsers, sandboxUrl: string): Cast {
  return {
    users,
    sandboxUrl,
    began: new Date(),
    citizen: { token: '', patient: '' },
    carePlan: '',
    answers: new Map(),
    tickets: new Map(),
  };
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** One FHIR request as JSON; the caller looks at the status. */
export async function ask<T = FhirResource>(
  cast: Cast,
  token: string,
  path: string,
  init: { readonly method?: string; readonly body?: unknown } = {},
): Promise<Answer<T>> {
  const text = typeof init.body === 'string' ? init.body : JSON.stringify(init.body);
  const response = await fetch(`${cast.users.fhirBase}${path}`, {
    method: init.method ?? 'GET',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    ...(init.body !== undefined && { body: text }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** Resources of a search, first page. */
export async function find<T>(cast: Cast, token: string, path: string): Promise<T[]> {
  const { status, body } = await ask<Bundle>(cast, token, path);
  expect(status === 200, () => `${path} answers ${status}: ${explain(body)}`);
  return (body.entry ?? []).map((entry) => entry.resource as T);
}

/** Fails the step unless `holds`. */
export function expect(holds: boolean, otherwise: () => string): asserts holds {
  if (!holds) throw new CommandError(`this step does not hold: ${otherwise()}`);
}

/** Asks again until there is something, for as long as a delivery may take. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  seconds = 30,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    expect(Date.now() < deadline, () => `${what} did not happen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The diagnostics of an OperationOutcome. */
export function explain(body: unknown): string {
  const issues = (body as OperationOutcome | undefined)?.issue ?? [];
  return issues.map((issue) => `${issue.expression?.join(', ') ?? ''} ${issue.diagnostics ?? ''}`).join('; ');
}

/** The ticket kind of a contact Task. */
export const kindOf = (task: Task) =>
  task.code?.coding?.find((coding) => coding.system === TICKET_KIND)?.code;
