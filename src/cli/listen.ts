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

/** Takes no more connections, ends idle ones, waits for requests in flight. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeIdleConnections();
  });
}
