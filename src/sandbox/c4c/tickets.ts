/** The tickets of the stand-in, in memory. */
import type { SandboxDependencies } from '../types.ts';
import type { Text, TicketFields } from './ticket-rules.ts';

export interface Ticket {
  readonly ObjectID: string;
  readonly ID: string;
  readonly CreationDateTime: string;
  readonly LastChangeDateTime: string;
  readonly ETag: string;
  readonly texts: readonly Text[];
  readonly fields: TicketFields;
}

export interface Tickets {
  all(): readonly Ticket[];
  get(objectId: string): Ticket | undefined;
  create(body: TicketFields): Ticket;
  /** Changes a ticket; its ETag changes with it. */
  change(ticket: Ticket, body: TicketFields): Ticket;
}

const FIRST_NUMBER = 4_000_001;

export function createTickets(dependencies: SandboxDependencies): Tickets {
  const tickets = new Map<string, Ticket>();
  let changes = 0;
  const stamp = () => {
    // Two changes in one millisecond must not share an ETag.
    changes += 1;
    const now = dependencies.now();
    const tag = now.toISOString().replace('Z', `${String(changes).padStart(4, '0')}Z`);
    return { LastChangeDateTime: `/Date(${now.getTime()})/`, ETag: `W/"datetimeoffset'${tag}'"` };
  };
  const keep = (ticket: Ticket) => {
    tickets.set(ticket.ObjectID, ticket);
    return ticket;
  };
  return {
    all: () => [...tickets.values()],
    get: (objectId) => tickets.get(objectId),
    create(body) {
      const { ServiceRequestTextCollection: texts = [], ...fields } = body;
      return keep({
        ObjectID: dependencies.uuid().replaceAll('-', '').toUpperCase(),
        ID: String(FIRST_NUMBER + tickets.size),
        CreationDateTime: `/Date(${dependencies.now().getTime()})/`,
        ...stamp(),
        texts: texts as readonly Text[],
        fields: { ServicePriorityCode: '3', ServiceRequestLifeCycleStatusCode: '1', ...fields },
      });
    },
    change: (ticket, body) => keep({ ...ticket, ...stamp(), fields: { ...ticket.fields, ...body } }),
  };
}

/** A ticket as OData v2 JSON; its texts are deferred, as C4C answers without `$expand`. */
export function asEntity(ticket: Ticket, collectionUrl: string): Record<string, unknown> {
  const uri = `${collectionUrl}('${ticket.ObjectID}')`;
  return {
    __metadata: { uri, type: 'c4codata.ServiceRequest', etag: ticket.ETag },
    ObjectID: ticket.ObjectID,
    ID: ticket.ID,
    ETag: ticket.ETag,
    CreationDateTime: ticket.CreationDateTime,
    LastChangeDateTime: ticket.LastChangeDateTime,
    ...ticket.fields,
    ServiceRequestTextCollection: { __deferred: { uri: `${uri}/ServiceRequestTextCollection` } },
  };
}
