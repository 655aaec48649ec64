import type { Provenance, Task } from 'fhir/r4';
import { ask, type Cast, eventually, expect, find, TICKET_IDENTIFIER } from './cast.ts';

interface Ticket {
  readonly ObjectID: string;
  readonly ID: string;
  readonly ETag?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Received {
  readonly tickets?: readonly Ticket[];
  readonly documents?: readonly { readonly document: LifecareDocument }[];
  readonly requests: readonly { readonly mode: string }[];
}

interface LifecareDocument {
  readonly source: { readonly id: string };
  readonly answers: readonly unknown[];
  readonly total?: { readonly value: number };
}

/** Priorities by ticket kind, as C4C codes them: 2 urgent, 3 normal, 7 low. */
const PRIORITY: Readonly<Record<string, string>> = { urgent: '2', manual: '3', 'self-service': '7' };

async function received(cast: Cast, system: string): Promise<Received> {
  const response = await fetch(`${cast.sandboxUrl}/systems/${system}/control/received`);
  return (await response.json()) as Received;
}

const ticketId = (task: Task) =>
  task.identifier?.find((identifier) => identifier.system === TICKET_IDENTIFIER)?.value;

async function ticketsOf(cast: Cast, task: Task): Promise<Ticket[]> {
  const { tickets = [] } = await received(cast, 'sap-c4c');
  return tickets.filter((ticket) => ticket.fields['ExternalReference_KUT'] === ticketId(task));
}

export async function findTickets(cast: Cast): Promise<string> {
  const seen: string[] = [];
  for (const [kind, task] of cast.tickets) {
    const tickets = await eventually(`the ${kind} ticket`, async () => {
      const found = await ticketsOf(cast, task);
      return found.length > 0 ? found : undefined;
    });
    expect(tickets.length === 1, () => `${tickets.length} tickets for one Task`);
    const [{ ID, fields }] = tickets as [Ticket];
    const priority = fields['ServicePriorityCode'];
    expect(priority === PRIORITY[kind], () => `the ${kind} ticket has priority ${String(priority)}`);
    seen.push(`ticket ${ID}: ${kind}, priority ${String(priority)}, “${String(fields['Name'])}”`);
  }
  return seen.join('\n');
}

export async function findDocuments(cast: Cast): Promise<string> {
  const seen: string[] = [];
  for (const [name, answer] of cast.answers) {
    const source = `QuestionnaireResponse/${answer}`;
    const documents = await eventually(`the document of ${name}`, async () => {
      const { documents: all = [] } = await received(cast, 'lifecare');
      const found = all.filter(({ document }) => document.source.id === source);
      return found.length > 0 ? found : undefined;
    });
    expect(documents.length === 1, () => `${documents.length} documents of one answer`);
    const document = documents[0]?.document;
    const total = document?.total?.value;
    const wanted = name === 'mood' ? undefined : Number(name.slice(4));
    expect(total === wanted, () => `the document's total is ${String(total)}`);
    await requireProvenance(cast, source);
    seen.push(
      `${source}: ${document?.answers.length} answers${total === undefined ? '' : `, total ${total}`}`,
    );
  }
  const cut = (await received(cast, 'lifecare')).requests.filter(({ mode }) => mode === 'down').length;
  expect(cut > 0, () => 'nothing was tried while Lifecare was off');
  return `${seen.join('\n')}\n${cut} attempt(s) while Lifecare was off`;
}

async function requireProvenance(cast: Cast, source: string): Promise<void> {
  const token = await cast.users.token('record');
  await eventually(`the Provenance of ${source}`, async () => {
    const found = await find<Provenance>(cast, token, `/Provenance?target=${source}`);
    const sent = found.filter((each) =>
      each.policy?.some((map) => map.includes('lifecare-response-to-document')),
    );
    expect(sent.length <= 1, () => `${sent.length} Provenances of one delivery`);
    return sent[0];
  });
}

/** As a professional does in SAP: sets the ticket to "completed", with the ETag the service gave. */
export async function closeTicket(cast: Cast): Promise<string> {
  const task = cast.tickets.get('manual');
  expect(task !== undefined, () => 'there is no manual ticket');
  const [ticket] = await ticketsOf(cast, task);
  const { username, password } = cast.users.c4c;
  const service = `${cast.sandboxUrl}/systems/sap-c4c/sap/c4c/odata/v1/c4codataapi`;
  const address = `${service}/ServiceRequestCollection('${ticket?.ObjectID}')`;
  const authorization = `Basic ${btoa(`${username}:${password}`)}`;
  const accept = 'application/json';
  const current = await fetch(address, { headers: { authorization, accept } });
  const closed = await fetch(address, {
    method: 'PATCH',
    headers: {
      authorization,
      accept,
      'content-type': 'application/json',
      'if-match': current.headers.get('etag') ?? '',
    },
    body: JSON.stringify({ ServiceRequestLifeCycleStatusCode: '3' }),
  });
  expect(closed.ok, () => `SAP answers ${closed.status} to the closing`);
  const completed = await eventually('the completion of the Task', async () => {
    const { body } = await ask<Task>(cast, cast.citizen.token, `/Task/${task.id}`);
    return body.status === 'completed' ? body : undefined;
  });
  const after = await ticketsOf(cast, task);
  expect(after.length === 1, () => 'the change went back to SAP as another ticket');
  return `Task/${task.id} is completed (version ${completed.meta?.versionId})`;
}
