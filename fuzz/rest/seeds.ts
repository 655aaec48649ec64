/** Valid resources that the mutations start from. The persons are those of the benchmark's samples. */
import {
  carePlanBundle,
  idOf,
  patient,
  questionnaire,
  response,
  sizesOf,
  task,
} from '../../bench/rest/samples.ts';

export const SIZES = sizesOf(20);

/** Id of a Task that is stored before anything is sent. */
export const TARGET = idOf('Task', 0);
/** Id of a Task that may be deleted. */
export const DOOMED = idOf('Task', 1);

export const SEEDS: readonly { readonly type: string; readonly resource: object }[] = [
  { type: 'Task', resource: task(1, SIZES) },
  { type: 'QuestionnaireResponse', resource: response(1, SIZES) },
  { type: 'Patient', resource: patient(1) },
  { type: 'Questionnaire', resource: { ...questionnaire(), url: 'https://fuzz.example/q' } },
  { type: 'CarePlan', resource: carePlanBundle(1, SIZES).entry?.[0]?.resource ?? {} },
];
