/** What every HTTP transport of a system shares: its address, its authorization and its limits. */
import { readBaseUrl } from './address.ts';
import { type Authorization, createAuthorization } from './authorization.ts';
import { type Answer, type ExchangeLimits, exchange } from './exchange.ts';
import type { Logger } from './logger.ts';
import { refusal, type SendFailure } from './send-failure.ts';
import type { TransportDefinition } from './types.ts';

export interface TransportDependencies {
  readonly now: () => Date;
  readonly logger: Logger;
}

export interface Connection {
  readonly base: URL;
  readonly authorization: Authorization;
  readonly limits: ExchangeLimits;
  /** One authorized request. A token the system no longer takes is renewed once. */
  request(request: {
    readonly method: string;
    readonly url: URL;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
  }): Promise<Answer>;
  /** The failure that an unwelcome answer stands for. */
  refusal(method: string, answer: Answer): SendFailure;
}

const DEFAULT_MAX_RESPONSE_BYTES = 1024 * 1024;

/**
 * Opens the connection a transport definition describes; nothing is sent yet.
 *
 * @throws Error when the base address is not an http(s) URL (the loader has refused it before)
 */
export function connect(definition: TransportDefinition, dependencies: TransportDependencies): Connection {
  const base = readBaseUrl(definition.baseUrl);
  if (typeof base === 'string') throw new Error(`transport.baseUrl: ${base}`);
  const authorization = createAuthorization(definition.auth, dependencies.now);
  const limits = {
    timeoutMs: definition.timeoutMs,
    maxResponseBytes: Number(definition.options['maxResponseBytes'] ?? DEFAULT_MAX_RESPONSE_BYTES),
  };
  return {
    base,
    authorization,
    limits,
    async request({ headers, ...rest }) {
      const once = async () => {
        const authorized = { ...headers, ...(await authorization.headers(rest.signal)) };
        return exchange({ ...rest, headers: authorized }, limits);
      };
      const answer = await once();
      return answer.status === 401 && authorization.forget() ? once() : answer;
    },
    refusal: (method, answer) =>
      refusal(
        { method, status: answer.status, body: answer.body, retryAfter: answer.headers.get('retry-after') },
        authorization.secrets,
        dependencies.now(),
      ),
  };
}
