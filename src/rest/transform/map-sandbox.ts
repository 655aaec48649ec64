/**
 * A thread for maps that callers bring: bounded in memory and time, so that a map without end stops itself and nothing
 * else. It is started with the first map and kept; a map that broke it is answered, and the next one gets another thread.
 */
import { Worker } from 'node:worker_threads';
import { SiltaError } from '../../outcome.ts';
import type { JobAnswer, MapJob } from './map-job.ts';

export interface MapSandboxOptions {
  /** Folder of profiles, which the thread reads for itself. */
  readonly profiles: string;
  /** How long one map may run, in milliseconds. */
  readonly deadlineMs?: number;
  /** Heap of the thread, in MiB: the definitions of FHIR take about 150 of it. */
  readonly memoryMb?: number;
  /** Maps that may wait for the one that runs. */
  readonly waiting?: number;
}

export interface MapSandbox {
  /**
   * Runs one job, after those before it.
   * @throws SiltaError `too-costly` beyond time or memory, `too-many-requests` when too many wait
   */
  run(job: MapJob): Promise<JobAnswer>;
  close(): Promise<void>;
}

const DEFAULTS = { deadlineMs: 5_000, memoryMb: 512, waiting: 16 };

/** A thread loads what is built: run from source, as in tests, the sandbox takes it from `dist`. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/rest/transform/map-worker.js' : './map-worker.js',
  import.meta.url,
);

function openWorker(profiles: string, memoryMb: number): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: memoryMb };
  // Nothing of the gateway's environment, secrets least of all, is in there.
  const worker = new Worker(WORKER, { workerData: { profiles }, resourceLimits, env: {} });
  worker.unref();
  return worker;
}

/** Makes a sandbox; its thread starts with the first job. */
export function createMapSandbox(options: MapSandboxOptions): MapSandbox {
  const { profiles, deadlineMs, memoryMb, waiting } = { ...DEFAULTS, ...options };
  let worker: Promise<Worker> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let open = 0;
  const start = (): Promise<Worker> =>
    new Promise((resolve, reject) => {
      const started = openWorker(profiles, memoryMb);
      started.once('error', reject);
      started.once('message', () => {
        started.off('error', reject);
        resolve(started);
      });
    });
  const perform = async (job: MapJob): Promise<JobAnswer> => {
    worker ??= start().catch((error: unknown) => {
      worker = undefined;
      throw error;
    });
    const thread = await worker;
    try {
      return await answerOf(thread, job, deadlineMs);
    } catch (error) {
      worker = undefined;
      await thread.terminate();
      throw error;
    }
  };
  return {
    run: async (job) => {
      if (open > waiting)
        throw new SiltaError('too-many-requests', 'Too many maps wait to be run.', { retryAfter: 5 });
      open += 1;
      const turn = last.then(() => perform(job));
      last = turn.catch(() => undefined);
      return turn.finally(() => {
        open -= 1;
      });
    },
    close: async () => {
      const thread = await worker?.catch(() => undefined);
      worker = undefined;
      await thread?.terminate();
    },
  };
}

/** One question and its answer; whatever else comes of the thread is an error. */
function answerOf(thread: Worker, job: MapJob, deadlineMs: number): Promise<JobAnswer> {
  const listeners = new AbortController();
  const { signal } = listeners;
  const answer = new Promise<JobAnswer>((resolve, reject) => {
    const late = () =>
      reject(new SiltaError('too-costly', `The map ran longer than ${deadlineMs / 1000} s and was stopped.`));
    const timer = setTimeout(late, deadlineMs);
    signal.addEventListener('abort', () => clearTimeout(timer));
    thread.once('message', (text: string) => resolve(JSON.parse(text) as JobAnswer));
    const failed = (cause: Error & { code?: string }) => reject(asFailure(cause));
    const ended = () => reject(new Error('the thread of the maps ended'));
    thread.once('error', failed).once('exit', ended);
    signal.addEventListener('abort', () => thread.off('error', failed).off('exit', ended));
    thread.postMessage(job);
  });
  return answer.finally(() => listeners.abort());
}

function asFailure(cause: Error & { code?: string }): Error {
  if (cause.code !== 'ERR_WORKER_OUT_OF_MEMORY') return cause;
  return new SiltaError('too-costly', 'The map used more memory than it may and was stopped.', { cause });
}
