/** Faults on demand, and a record of what arrived: what every stand-in of a connected system can do. */
import { setTimeout as wait } from 'node:timers/promises';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';

/**
 * `ok`; `down`: the connection is cut; `slow`: answers after `delayMs`; `flaky`: of every five requests the
 * first is refused with 503, the third is carried out but its answer is lost, the others are answered; `nonsense`: a web
 * page with status 200, as from a proxy in front of the system.
 */
const MODES = ['ok', 'down', 'slow', 'flaky', 'nonsense'] as const;
export type Mode = (typeof MODES)[number];

export interface ReceivedRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly mode: Mode;
  /** What the request was about: the external id or idempotency key, when it could be read. */
  key?: string;
  /** Status answered; absent when the connection was cut or no answer has left yet. */
  status?: number;
}

export interface FaultControl {
  /** `POST /control`, `GET /control` and `GET /control/received`. */
  readonly router: Router;
  /** Applies the mode in force to a request; mount it before the system's own routes. */
  readonly apply: (request: Request, response: Response, next: NextFunction) => void;
  readonly requests: readonly ReceivedRequest[];
  /** Notes what the request in hand is about. */
  about(response: Response, key: string): void;
}

export interface FaultControlOptions {
  readonly now: () => Date;
  /** What `GET /control/received` shows beside the requests. */
  readonly received: () => Readonly<Record<string, unknown>>;
}

interface Setting {
  readonly mode: Mode;
  readonly delayMs: number;
  /** Milliseconds since the epoch at which the mode ends. */
  readonly until: number;
}

const OK: Setting = { mode: 'ok', delayMs: 0, until: Number.POSITIVE_INFINITY };
const DEFAULT_DELAY_MS = 5_000;
const MAX_MS = 3_600_000;

/** Makes the control of one stand-in; it starts in mode `ok`. */
export function createFaultControl(options: FaultControlOptions): FaultControl {
  const requests: ReceivedRequest[] = [];
  let setting = OK;
  let count = 0;
  const current = () => {
    if (options.now().getTime() >= setting.until) setting = OK;
    return setting;
  };
  const router = express.Router();
  router.get('/control', (_, response) => void response.json(show(current(), options.now())));
  router.post('/control', express.json(), (request, response) => {
    const wanted = readSetting(request.body, options.now());
    if (typeof wanted === 'string') {
      response.status(400).json({ error: wanted });
      return;
    }
    setting = wanted;
    count = 0;
    response.json(show(setting, options.now()));
  });
  router.get('/control/received', (_, response) => {
    response.json({ ...options.received(), attempts: countByKey(requests), requests });
  });
  return {
    router,
    requests,
    about: (response, key) => {
      const entry = response.locals['received'] as ReceivedRequest | undefined;
      if (entry) entry.key = key;
    },
    apply: (request, response, next) => {
      const { mode, delayMs } = current();
      const entry = record(request, response, mode, options.now());
      requests.push(entry);
      count += 1;
      applyMode({ mode, delayMs, turn: count % 5, request, response, next });
    },
  };
}

function record(request: Request, response: Response, mode: Mode, now: Date): ReceivedRequest {
  const entry: ReceivedRequest = {
    at: now.toISOString(),
    method: request.method,
    path: request.baseUrl + request.path,
    mode,
  };
  response.locals['received'] = entry;
  response.on('finish', () => {
    entry.status = response.statusCode;
  });
  return entry;
}

function applyMode(on: {
  readonly mode: Mode;
  readonly delayMs: number;
  readonly turn: number;
  readonly request: Request;
  readonly response: Response;
  readonly next: NextFunction;
}) {
  const { mode, request, response, next } = on;
  if (mode === 'down') {
    request.socket.destroy();
  } else if (mode === 'slow') {
    wait(on.delayMs).then(() => next(), next);
  } else if (mode === 'nonsense') {
    response
      .status(200)
      .type('html')
      .send('<html><title>Huoltokatko</title>Palvelussa on huoltokatko.</html>');
  } else if (mode === 'flaky' && on.turn === 1) {
    response.status(503).set('Retry-After', '1').json({ error: 'out of order for a moment' });
  } else {
    if (mode === 'flaky' && on.turn === 3) loseAnswer(request, response);
    next();
  }
}

/** Lets the request take effect and cuts the connection where the answer would leave. */
function loseAnswer(request: Request, response: Response) {
  response.end = () => {
    request.socket.destroy();
    return response;
  };
}

function readSetting(body: unknown, now: Date): Setting | string {
  const { mode, forMs, delayMs } = (body ?? {}) as Record<string, unknown>;
  if (!MODES.some((known) => known === mode)) return `mode must be one of ${MODES.join(', ')}`;
  for (const [name, value] of Object.entries({ forMs, delayMs })) {
    const fits = typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_MS;
    if (value !== undefined && !fits)
      return `${name} must be a whole number of milliseconds, at most ${MAX_MS}`;
  }
  return {
    mode: mode as Mode,
    delayMs: (delayMs as number | undefined) ?? DEFAULT_DELAY_MS,
    until: forMs === undefined ? Number.POSITIVE_INFINITY : now.getTime() + (forMs as number),
  };
}

function show(setting: Setting, now: Date) {
  const left = setting.until - now.getTime();
  return { mode: setting.mode, ...(Number.isFinite(left) && { forMs: left }) };
}

function countByKey(requests: readonly ReceivedRequest[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { key } of requests) {
    if (key !== undefined) counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
