/** Sends attacks over kept-alive connections and reads the answers whole. */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { Attack } from './attack.ts';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** How long an answer may take before it counts as a hang, in milliseconds. */
const PATIENCE_MS = 30_000;

export interface Sender {
  send(attack: Attack): Promise<Reply>;
  close(): void;
}

/** @param token gives the access token for each request: it may have to be renewed in a long run */
export function createSender(port: number, token: () => Promise<string>): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  return {
    async send({ method, path, headers, body }) {
      const authorization = `Bearer ${await token()}`;
      return new Promise((resolve, reject) => {
        const call = request(
          {
            host: '127.0.0.1',
            port,
            method,
            path: `/fhir${path}`,
            agent,
            timeout: PATIENCE_MS,
            headers: {
              ...headers,
              Authorization: authorization,
              ...(body && { 'Content-Length': body.length }),
            },
          },
          (answer) => {
            const chunks: Buffer[] = [];
            answer.on('data', (chunk: Buffer) => chunks.push(chunk));
            answer.on('error', reject);
            answer.on('end', () =>
              resolve({
                status: answer.statusCode ?? 0,
                contentType: answer.headers['content-type'] ?? '',
                text: Buffer.concat(chunks).toString(),
              }),
            );
          },
        );
        call.on('timeout', () => call.destroy(new Error(`No answer in ${PATIENCE_MS / 1000} s`)));
        call.on('error', (error: NodeJS.ErrnoException) => {
          // A server may hang up on a body that it does not want to read to its end.
          if (body && (error.code === 'EPIPE' || error.code === 'ECONNRESET')) resolve(HUNG_UP);
          else reject(error);
        });
        call.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

const HUNG_UP: Reply = { status: 413, contentType: '', text: '' };

/** Writes bytes that may be no HTTP at all, and waits until the server has closed or answered. */
export function sendRaw(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    const done = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, done);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      done();
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' ? reject(error) : done(),
    );
    socket.on('close', done);
    socket.on('connect', () => socket.end(bytes));
  });
}
