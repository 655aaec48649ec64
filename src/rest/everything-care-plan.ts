/**
 * `CarePlan/[id]/$everything`: the plan, its Tasks and the answers that belong to either.
 * @see https://hl7.org/fhir/R4/careplan.html
 */
import { SiltaError } from '../outcome.ts';
import type { SearchPage, StoredVersion } from '../store/index.ts';
import { assembleBundle } from './assemble-bundle.ts';
import { collectReferences } from './check-references.ts';
import { toEntry } from './everything-patient.ts';
import { refuseParameters } from './refuse-parameters.ts';
import { referenceOf } from './represent.ts';
import type { Interact, Session } from './types.ts';

/** Types of what belongs to a plan, besides the plan. */
const PARTS: readonly string[] = ['Task', 'QuestionnaireResponse'];
/** Ids in one look-up; a search takes no more values in one parameter. */
const MOST_IDS = 400;

/** A CarePlan with its Tasks and answers, as far as the caller may see them. */
export const everythingOfCarePlan: Interact = async (request, session) => {
  const { rest, principal, reader } = session;
  refuseParameters(request, []);
  rest.access.authorize(principal, 'read', 'CarePlan');
  const found = await reader.read('CarePlan', request.id);
  const plan = rest.access.authorizeStored(principal, 'CarePlan', found);
  if (plan.content === null) throw new SiltaError('gone', 'This CarePlan was deleted.');
  const based = await findBasedOn(session, plan);
  const listed = await findReferred(session, [plan], PARTS);
  const tasks = [...based, ...listed].filter(({ type }) => type === 'Task');
  const answers = await findReferred(session, tasks, ['QuestionnaireResponse']);
  const parts = new Map([...based, ...listed, ...answers].map((each) => [referenceOf(each), each]));
  const url = `${rest.baseUrl}/CarePlan/${plan.id}/$everything`;
  const entries = [
    toEntry(session, plan, 'match'),
    ...[...parts.values()].map((each) => toEntry(session, each, 'include')),
  ];
  return {
    status: 200,
    body: assembleBundle({ type: 'searchset', links: [{ relation: 'self', url }], entries }),
    shown: { action: 'everything', entities: [referenceOf(plan), ...parts.keys()] },
  };
};

/** Tasks and answers that say they are based on the plan; every page of them. */
async function findBasedOn(session: Session, plan: StoredVersion): Promise<readonly StoredVersion[]> {
  const found: StoredVersion[] = [];
  for (const type of PARTS.filter((each) => mayShow(session, each))) {
    let cursor: string | undefined;
    do {
      const page: SearchPage = await session.reader.search({
        type,
        parameters: [
          ['based-on', `CarePlan/${plan.id}`],
          ['_count', String(MOST_IDS)],
        ],
        visibility: session.rest.access.visibility(session.principal),
        ...(cursor !== undefined && { cursor }),
      });
      found.push(...page.matches);
      cursor = page.next;
    } while (cursor !== undefined);
  }
  return found;
}

/** What the resources refer to, of some types: activities of a plan, focus and output of a Task. */
async function findReferred(
  session: Session,
  sources: readonly StoredVersion[],
  types: readonly string[],
): Promise<readonly StoredVersion[]> {
  const references = sources.flatMap(({ content }) => collectReferences(JSON.parse(content ?? '{}')));
  const found: StoredVersion[] = [];
  for (const type of types.filter((each) => mayShow(session, each))) {
    const ids = [...new Set(references.filter((each) => each.type === type).map(({ id }) => id))];
    for (let at = 0; at < ids.length; at += MOST_IDS) {
      const some = ids.slice(at, at + MOST_IDS);
      const page = await session.reader.search({
        type,
        parameters: [
          ['_id', some.join(',')],
          ['_count', String(some.length)],
        ],
        visibility: session.rest.access.visibility(session.principal),
      });
      found.push(...page.matches);
    }
  }
  return found;
}

const mayShow = ({ rest, principal }: Session, type: string): boolean =>
  rest.access.permits(principal, 'read', type) && rest.access.permits(principal, 'search', type);
