import { Agent, createServer, get } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { closeServer, listen } from '../../src/cli/listen.ts';

describe('closing a server', () => {
  it('does not wait for a client that keeps its connection alive and goes on asking', async () => {
    let closed: Promise<void> | undefined;
    let answers = 0;
    const server = createServer((_request, response) => {
      answers += 1;
      response.end('here');
      // While the third request is answered the server is asked to close.
      if (answers === 3) closed = closeServer(server);
    });
    const port = await listen(server, 0, '127.0.0.1');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () =>
      new Promise<boolean>((resolve) => {
        get({ port, host: '127.0.0.1', agent }, (response) => {
          response.resume().once('end', () => resolve(true));
        }).once('error', () => resolve(false));
      });
    while (await ask());
    await closed;
    agent.destroy();
    expect(answers).toBeGreaterThanOrEqual(3);
    expect(server.listening).toBe(false);
  });

  it('says which port is in use', async () => {
    const [first, second] = [createServer(), createServer()];
    const port = await listen(first, 0, '127.0.0.1');
    await expect(listen(second, port, '127.0.0.1')).rejects.toMatchObject({
      message: `Port ${port} is in use: stop what runs there, or choose another by PORT.`,
      exitCode: 2,
    });
    await closeServer(first);
  });
});
