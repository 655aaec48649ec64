/**
 * One keep-alive connection that sends prepared bytes and reads answers: so little work that a load generator does not
 * take the processor from the server it measures.
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  /** Status line and headers, as received. */
  readonly head: string;
  readonly body: Buffer;
}

export interface HttpConnection {
  /**
   * Sends one request and resolves with its answer; one at a time.
   * @throws Error when the connection ends, or the answer has no Content-Length
   */
  send(request: Uint8Array): Promise<Reply>;
  close(): void;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Connects to a server on this machine. */
export async function openConnection(port: number): Promise<HttpConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.removeAllListeners('error');
  return converse(socket);
}

function converse(socket: Socket): HttpConnection {
  let received: Buffer[] = [];
  let bytes = 0;
  let wanted = 0;
  let waiting: Waiting | undefined;
  const end = (error: Error): void => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', end);
  socket.on('close', () => end(new Error('The server closed the connection.')));
  socket.on('data', (chunk) => {
    received.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) return;
    const all = received.length === 1 ? chunk : Buffer.concat(received);
    received = [all];
    try {
      const reply = readReply(all);
      if ('wanted' in reply) {
        wanted = reply.wanted;
        return;
      }
      received = [];
      bytes = 0;
      wanted = 0;
      waiting?.resolve(reply);
      waiting = undefined;
    } catch (error) {
      end(error as Error);
    }
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

/** The answer, or how many bytes there must be before it is worth looking again. */
function readReply(bytes: Buffer): Reply | { readonly wanted: number } {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return { wanted: bytes.length + 1 };
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const start = end + HEAD_END.length;
  const length = status === 204 || status === 304 ? 0 : contentLength(head);
  if (bytes.length < start + length) return { wanted: start + length };
  return { status, head, body: bytes.subarray(start, start + length) };
}

function contentLength(head: string): number {
  const length = headerOf(head, 'content-length');
  if (length === undefined) throw new Error('The answer has no Content-Length.');
  return Number(length);
}

/** The value of a header in a reply's head. */
export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim();
}
