/** The thread that runs maps of callers: see map-sandbox.ts. */
import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { loadDefinitions } from '../../definitions/index.ts';
import { type JobAnswer, type MapJob, performJob } from './map-job.ts';

const definitions = await loadDefinitions({ profiles: String(workerData.profiles) });

/** Characters of an answer: the gateway's own thread reads it, and keeps no more than it would take in. */
const MOST_ANSWERED = 8_000_000;
const TOO_LARGE: JobAnswer = { kind: 'fault', of: 'size', lines: [] };

/** JSON as text, because it is what is bounded and what is answered. */
function answer(job: MapJob): string {
  const text = JSON.stringify(performJob(job, definitions, randomUUID));
  return text.length > MOST_ANSWERED ? JSON.stringify(TOO_LARGE) : text;
}

parentPort?.on('message', (job: MapJob) => parentPort?.postMessage(answer(job)));
parentPort?.postMessage('ready');
