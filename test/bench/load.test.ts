import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { headerOf, openConnection } from '../../bench/load/http-connection.ts';
import { percentile, summarise } from '../../bench/load/statistics.ts';

describe('the load generator’s connection', () => {
  let server: Server;
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function serve(listener: Parameters<typeof createServer>[1]): Promise<number> {
    server = createServer(listener ?? (() => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  const GET = Buffer.from('GET /seven HTTP/1.1\r\nHost: localhost\r\n\r\n');

  it('reads answers one after another on one connection, large and empty ones', async () => {
    const bodies = ['õ'.repeat(200_000), '', 'third'];
    let n = 0;
    const port = await serve((_, response) => {
      const body = bodies[n++] ?? '';
      response.statusCode = body === '' ? 204 : 200;
      response.setHeader('etag', `W/"${n}"`);
      response.end(body);
    });
    const connection = await openConnection(port);
    for (const [index, body] of bodies.entries()) {
      const reply = await connection.send(GET);
      expect(reply.status).toBe(body === '' ? 204 : 200);
      expect(reply.body.toString('utf8')).toBe(body);
      expect(headerOf(reply.head, 'ETag')).toBe(`W/"${index + 1}"`);
    }
    connection.close();
  });

  it('fails when the server closes the connection instead of answering', async () => {
    const port = await serve((request) => request.socket.destroy());
    const connection = await openConnection(port);
    await expect(connection.send(GET)).rejects.toThrow();
  });

  it('fails on an answer whose length is not told', async () => {
    const port = await serve((_, response) => {
      response.write('a part');
      response.end('another');
    });
    const connection = await openConnection(port);
    await expect(connection.send(GET)).rejects.toThrow('no Content-Length');
    connection.close();
  });
});

describe('the figures of a measurement', () => {
  it('takes percentiles by nearest rank', () => {
    const sorted = Array.from({ length: 200 }, (_, n) => n + 1);
    expect([0.005, 0.5, 0.99, 1].map((share) => percentile(sorted, share))).toEqual([1, 100, 198, 200]);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  it('sums rounds up by time, not by round', () => {
    const measured = summarise([
      { times: [4, 2, 6], tookMs: 1_500, sent: 5, cpuSeconds: 0.002 },
      { times: [8], tookMs: 500, sent: 3, cpuSeconds: 0.006 },
    ]);
    expect(measured).toEqual({ count: 4, perSecond: 2, p50Ms: 4, p99Ms: 8, cpuUs: 1_000 });
  });
});
