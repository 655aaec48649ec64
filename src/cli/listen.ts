import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandError } from './exit.ts';

/** Listens and resolves with the port; a port in use is the user's to solve, and said so. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CommandError(`Port ${port} is in use: stop what runs there, or choose another by PORT.`, 2)
          : error,
      ),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

const IDLE_SWEEP_MS = 50;

/**
 * Takes no more connections and waits for requests in flight. A client that keeps its connection alive is told to close
 * it with its next answer, or has it closed when it is idle: it would be waited for, and served, as long as it likes.
 */
export function closeServer(server: Server): Promise<void> {
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  return new Promise((resolve, reject) => {
    server.close((error) => {
      clearInterval(sweep);
      if (error) reject(error);
      else resolve();
    });
    server.closeIdleConnections();
  });
}
