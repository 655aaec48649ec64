import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import express from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { SiltaError } from '../../src/outcome.ts';
import { createAuditGroup } from '../../src/rest/group-audit.ts';
import { logRequests, maskHetu, renderError, requestId } from '../../src/rest/index.ts';
import type { AuditEntry } from '../../src/store/index.ts';

function startApp(fail?: unknown) {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = pino(sink);
  const app = express();
  app.use(requestId(() => 'made-here-1'));
  app.use(logRequests(logger));
  app.use((_request, response) => {
    if (fail !== undefined) throw fail;
    response.end('ok');
  });
  app.use(renderError({ logger }));
  return { app, lines };
}

describe('the request log', () => {
  it('holds method, path, status and request id, and nothing else of the request', async () => {
    const { app, lines } = startApp();
    await request(app)
      .get('/fhir/Patient/010190-999W?identifier=urn:oid:1.2.246.21|020290-999B&name=Virtanen')
      .set('Authorization', 'Bearer secret-token')
      .set('X-Request-Id', 'caller-given-1')
      .expect(200)
      .expect('X-Request-Id', 'caller-given-1');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 30,
      req: { id: 'caller-given-1', method: 'GET', path: '/fhir/Patient/[removed]' },
      res: { statusCode: 200 },
    });
    for (const secret of ['999P', '999X', 'Virtanen', 'secret-token', 'identifier']) {
      expect(lines.join()).not.toContain(secret);
    }
  });

  it('keeps a failure free of what was sent', async () => {
    const failure = Object.assign(new Error('duplicate key (010190-999W)'), {
      code: '23505',
      detail: 'Key (Virtanen)',
    });
    const { app, lines } = startApp(failure);
    await request(app).post('/x').expect(500);
    expect(lines.join()).toContain('23505');
    expect(lines.join()).not.toMatch(/999P|Virtanen/);
  });

  it.each(['short', 'with space inside', 'x'.repeat(65), 'line\tbreak-in-it'])(
    'replaces the request id %j',
    async (id) => {
      const { app } = startApp();
      await request(app).get('/').set('X-Request-Id', id).expect('X-Request-Id', 'made-here-1');
    },
  );

  it.each([
    ['Patient/010190-999W', 'Patient/[removed]'],
    ['Patient/010190a999p', 'Patient/[removed]'],
    ['Task/0c3151bd-1cbf-4d64-b04d-cd9187a4c001', 'Task/0c3151bd-1cbf-4d64-b04d-cd9187a4c001'],
  ])('masks %s', (text, masked) => {
    expect(maskHetu(text)).toBe(masked);
  });
});

describe('an error as HTTP', () => {
  it('tells when to try again', async () => {
    const { app } = startApp(
      new SiltaError('unavailable', 'The database cannot be reached.', { retryAfter: 4.2 }),
    );
    const answer = await request(app).get('/').expect(503).expect('Retry-After', '5');
    expect(answer.body.issue[0]).toMatchObject({
      code: 'transient',
      diagnostics: 'The database cannot be reached.',
    });
  });
});

describe('grouped audit', () => {
  const entry = (requestId: string) => ({ requestId }) as AuditEntry;

  it('commits what arrives during one insert together, and answers nobody before', async () => {
    const groups: string[][] = [];
    const release: (() => void)[] = [];
    const audit = createAuditGroup((entries) => {
      groups.push(entries.map(({ requestId }) => requestId));
      return new Promise((resolve) => release.push(resolve));
    });
    const done: string[] = [];
    const note = (name: string) => audit([entry(name)]).then(() => void done.push(name));
    const all = [note('a')];
    await new Promise(setImmediate);
    all.push(note('b'), note('c'));
    await new Promise(setImmediate);
    expect([groups, done]).toEqual([[['a']], []]);
    release[0]?.();
    await new Promise(setImmediate);
    expect([groups, done]).toEqual([[['a'], ['b', 'c']], ['a']]);
    release[1]?.();
    await Promise.all(all);
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('fails the requests whose entries could not be kept, and goes on with the next', async () => {
    let attempts = 0;
    const audit = createAuditGroup(() =>
      attempts++ === 0 ? Promise.reject(new Error('down')) : Promise.resolve(),
    );
    await expect(audit([entry('a')])).rejects.toThrow('down');
    await expect(audit([entry('b')])).resolves.toBeUndefined();
  });
});
