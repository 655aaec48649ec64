/** What the citizen's pages read: only what the caller may see, and every look is audited. */
import type { CarePlan, QuestionnaireResponse, Task } from 'fhir/r4';
import { SiltaError } from '../outcome.ts';
import type { PageSession, StoredResource, WebOptions } from './types.ts';

const PAGE = 100;
/** More than this of one type is not shown; a page of a person with more would not be readable either. */
const MOST = 500;

export interface CitizenData {
  readonly tasks: readonly Task[];
  readonly plans: readonly CarePlan[];
  readonly responses: readonly QuestionnaireResponse[];
}

type Reading = Pick<WebOptions, 'store' | 'access'>;

/** Everything of a citizen that `/my` shows, newest first. */
export async function readCitizenData(
  options: Reading,
  session: PageSession,
  requestId: string,
): Promise<CitizenData> {
  const [tasks, plans, responses] = await Promise.all([
    searchOwn<Task>(options, session, 'Task'),
    searchOwn<CarePlan>(options, session, 'CarePlan'),
    searchOwn<QuestionnaireResponse>(options, session, 'QuestionnaireResponse'),
  ]);
  const shown = [...tasks, ...plans, ...responses];
  await audit(options, session, requestId, 'search', shown);
  return {
    tasks: sortNewest(tasks, (task) => task.authoredOn),
    plans: sortNewest(plans, (plan) => plan.created ?? plan.period?.start),
    responses: sortNewest(responses, (response) => response.authored),
  };
}

/**
 * One Task of the citizen's, with the version it has.
 * @throws SiltaError `not-found` when there is none or it is not theirs to see
 */
export async function readOwnTask(
  options: Reading,
  session: PageSession,
  requestId: string,
  id: string,
): Promise<{ readonly task: Task & { readonly id: string }; readonly versionId: number }> {
  const found = await options.store.read('Task', id);
  const stored = options.access.authorizeStored(session.principal, 'Task', found);
  if (stored.content === null || !options.access.maySee(session.principal, stored)) {
    throw new SiltaError('not-found', 'There is no such Task.');
  }
  const task = parse<Task & { readonly id: string }>(stored);
  await audit(options, session, requestId, 'read', [task]);
  return { task, versionId: stored.versionId };
}

async function searchOwn<T>(options: Reading, session: PageSession, type: string): Promise<readonly T[]> {
  const { store, access } = options;
  const visibility = access.visibility(session.principal);
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.search({
      type,
      parameters: [['_count', String(PAGE)]],
      visibility,
      ...(cursor !== undefined && { cursor }),
    });
    const seen = page.matches.filter((stored) => access.maySee(session.principal, stored));
    found.push(...seen.map((stored) => parse<T>(stored)));
    cursor = page.next;
  } while (cursor !== undefined && found.length < MOST);
  return found;
}

function parse<T>(stored: StoredResource): T {
  return JSON.parse(stored.content ?? 'null') as T;
}

async function audit(
  { store }: Reading,
  { principal }: PageSession,
  requestId: string,
  action: string,
  shown: readonly { readonly resourceType: string; readonly id?: string | undefined }[],
): Promise<void> {
  const entities = shown.map(({ resourceType, id = '' }) => `${resourceType}/${id}`);
  await store.audit([{ principal, requestId, action, outcome: 'success', entities }]);
}

function sortNewest<T>(resources: readonly T[], when: (one: T) => string | undefined): readonly T[] {
  const time = (one: T): number => new Date(when(one) ?? 0).getTime();
  return resources.toSorted((a, b) => time(b) - time(a));
}
