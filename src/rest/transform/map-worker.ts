/** The thread that runs maps of callers: see map-sandbox.ts. */
import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { loadDefinitions } from '../../definitions/index.ts';
import { type MapJob, performJob } from './map-job.ts';

const definitions = await loadDefinitions({ profiles: String(workerData.profiles) });

parentPort?.on('message', (job: MapJob) => {
  // JSON as text, because it is what is bounded and what is answered.
  parentPort?.postMessage(JSON.stringify(performJob(job, definitions, randomUUID)));
});
parentPort?.postMessage('ready');
