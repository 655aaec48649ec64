import type { Observation, QuestionnaireResponse, Task } from 'fhir/r4';
import { bdiAnswer, moodAnswer } from './answers.ts';
import { ask, type Cast, eventually, expect, explain, find, kindOf } from './cast.ts';

const DOWN_MS = 5_000;

/** Posts an answer as the citizen. */
async function give(
  cast: Cast,
  name: 'mood' | 'bdi-12' | 'bdi-24',
  answer: QuestionnaireResponse,
): Promise<QuestionnaireResponse> {
  const { status, body } = await ask<QuestionnaireResponse>(
    cast,
    cast.citizen.token,
    '/QuestionnaireResponse',
    { method: 'POST', body: answer },
  );
  expect(status === 201, () => `the answer is refused with ${status}: ${explain(body)}`);
  cast.answers.set(name, String(body.id));
  return body;
}

/** Waits for the Tasks that the path makes because of an answer. */
async function tasksBecauseOf(cast: Cast, answer: string, count: number): Promise<Task[]> {
  const path = `/Task?focus=QuestionnaireResponse/${answer}`;
  return eventually(`${count} Task(s)`, async () => {
    const tasks = await find<Task>(cast, cast.citizen.token, path);
    expect(tasks.length <= count, () => `${tasks.length} Tasks instead of ${count}`);
    return tasks.length === count ? tasks : undefined;
  });
}

function keepTicket(cast: Cast, tasks: readonly Task[], kind: string): Task {
  const task = tasks.find((each) => kindOf(each) === kind);
  expect(task !== undefined, () => `no Task with a '${kind}' ticket`);
  cast.tickets.set(kind, task);
  return task;
}

export async function answerMood(cast: Cast): Promise<string> {
  const answer = await give(cast, 'mood', moodAnswer(cast, 'need-help-soon'));
  const task = keepTicket(cast, await tasksBecauseOf(cast, String(answer.id), 1), 'urgent');
  expect(task.priority === 'urgent', () => `the Task's priority is ${task.priority}`);
  return `Task/${task.id}: ticket kind urgent, priority urgent`;
}

export async function answerBdiWhileLifecareIsDown(cast: Cast): Promise<string> {
  await fetch(`${cast.sandboxUrl}/systems/lifecare/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mode: 'down', forMs: DOWN_MS }),
  });
  const answer = await give(cast, 'bdi-12', bdiAnswer(cast, 12));
  await requireTotal(cast, answer, 12);
  const tasks = await tasksBecauseOf(cast, String(answer.id), 4);
  keepTicket(cast, tasks, 'self-service');
  const selfCare = tasks.filter((task) => kindOf(task) === undefined);
  expect(selfCare.length === 3, () => `${selfCare.length} self-care Tasks`);
  return `total 12 computed and stored as an Observation; ${selfCare.map((task) => `Task/${task.id}`).join(', ')}`;
}

export async function answerBdiWithHighTotal(cast: Cast): Promise<string> {
  const answer = await give(cast, 'bdi-24', bdiAnswer(cast, 24));
  await requireTotal(cast, answer, 24);
  const task = keepTicket(cast, await tasksBecauseOf(cast, String(answer.id), 1), 'manual');
  return `total 24 computed and stored as an Observation; Task/${task.id}: ticket kind manual`;
}

/** The gateway computed the total itself: it stands in the answer and in an Observation derived from it. */
async function requireTotal(cast: Cast, answer: QuestionnaireResponse, total: number): Promise<void> {
  const item = answer.item?.find(({ linkId }) => linkId === 'total');
  expect(
    item?.answer?.[0]?.valueInteger === total,
    () => `the stored total is ${JSON.stringify(item?.answer)}`,
  );
  const path = `/Observation?derived-from=QuestionnaireResponse/${answer.id}`;
  const observation = await eventually('the Observation of the score', async () => {
    const [found] = await find<Observation>(cast, cast.citizen.token, path);
    return found;
  });
  const value = observation.valueInteger ?? observation.valueQuantity?.value;
  expect(value === total, () => `the Observation's value is ${String(value)}`);
}
