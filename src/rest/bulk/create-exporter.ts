/** Runs exports in the background. Gateways beside each other share the jobs; each runs one at a time. */
import { randomUUID } from 'node:crypto';
import { createLoop } from '../../loop.ts';
import { SiltaError, toOperationOutcome } from '../../outcome.ts';
import type { ClaimedExport } from '../../store/index.ts';
import type { RestOptions } from '../types.ts';
import type { ExportRequest } from './export-request.ts';
import { runExport } from './run-export.ts';
import { createFileWriter, LostJob } from './write-files.ts';

export interface Exporter {
  start(): void;
  /** Says that a job was added. */
  poke(): void;
  /** Takes no more; a job under way is put back for another gateway. */
  stop(): Promise<void>;
}

export interface ExporterLimits {
  /** Time without a sign of life after which a job is taken up by another gateway. */
  readonly leaseMs: number;
  /** How often a gateway looks for jobs that nobody poked it for. */
  readonly pollMs: number;
  /** Runs of one job at most. */
  readonly maxAttempts: number;
}

const LIMITS: ExporterLimits = { leaseMs: 20_000, pollMs: 5_000, maxAttempts: 3 };

type Parts = Pick<RestOptions, 'access' | 'clock' | 'exports' | 'exportLimits' | 'logger'>;

export function createExporter(parts: Parts, changed: Partial<ExporterLimits> = {}): Exporter {
  const limits = { ...LIMITS, ...changed };
  const { exports, logger } = parts;
  let stopping = new AbortController();
  const work = async (): Promise<void> => {
    await exports.sweep();
    while (!stopping.signal.aborted) {
      const job = await exports.claim(randomUUID(), limits.leaseMs);
      if (!job) return;
      await runJob(parts, limits, job, stopping.signal);
    }
  };
  const loop = createLoop(limits.pollMs, work, (error) => {
    logger.error({ failure: nameOf(error) }, 'exports failed');
  });
  return {
    start() {
      stopping = new AbortController();
      loop.start();
    },
    poke: () => loop.poke(),
    async stop() {
      stopping.abort();
      await loop.stop();
    },
  };
}

async function runJob(
  parts: Parts,
  limits: ExporterLimits,
  job: ClaimedExport,
  stopping: AbortSignal,
): Promise<void> {
  const { exports, exportLimits, logger } = parts;
  const lost = new AbortController();
  let progress = 'begun';
  const beat = createLoop(
    limits.leaseMs / 4,
    async () => {
      if (!(await exports.extendLease(job, limits.leaseMs, progress))) lost.abort();
    },
    (error) => logger.warn({ export: job.id, failure: nameOf(error) }, 'export lease not extended'),
  );
  beat.start();
  try {
    if (job.attempts > limits.maxAttempts)
      throw new SiltaError('internal', 'The export was begun too often.');
    const writer = createFileWriter(
      exports,
      job,
      exportLimits.rowsPerFile,
      AbortSignal.any([lost.signal, stopping]),
    );
    const request = job.request as ExportRequest;
    const time = await exports.snapshot(async (snapshot) => {
      const report = (text: string) => {
        progress = text;
      };
      await runExport(parts, request, { snapshot, writer, report });
      return snapshot.transactionTime;
    });
    if (!(await exports.finish(job, time, exportLimits.lifetimeMs))) throw new LostJob('lost at the end');
    logger.info({ export: job.id, attempt: job.attempts }, 'export complete');
  } catch (error) {
    await settleFailure(parts, job, error, { isStopping: stopping.aborted, isLost: lost.signal.aborted });
  } finally {
    await beat.stop();
  }
}

/** What a job's fault is, ends it; what is the gateway's or the database's, leaves it to the next run. */
async function settleFailure(
  { exports, exportLimits, logger }: Parts,
  job: ClaimedExport,
  error: unknown,
  state: { readonly isStopping: boolean; readonly isLost: boolean },
): Promise<void> {
  if (state.isStopping) return exports.release(job);
  if (state.isLost || error instanceof LostJob) {
    logger.info({ export: job.id }, 'export cancelled or taken over');
    return;
  }
  if (!(error instanceof SiltaError) || error.code === 'unavailable') {
    logger.error({ export: job.id, attempt: job.attempts, failure: nameOf(error) }, 'export broke off');
    return;
  }
  logger.warn({ export: job.id, code: error.code }, 'export failed');
  await exports.fail(job, toOperationOutcome(error.issues), exportLimits.lifetimeMs);
}

/** Messages of a database quote the data they failed on, so only names are logged. */
function nameOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return [name, code].filter((each) => typeof each === 'string').join(' ') || typeof error;
}
