import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copySystem, edit } from './map-system.ts';
import { silta, startSilta } from './run-silta.ts';

describe('silta map test', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('runs the cases that a filter names, and says when there is none', async () => {
    const [some, none] = await Promise.all([
      silta(['map', 'test', '--filter', 'sap-c4c/bad-inbound']),
      silta(['map', 'test', '--filter', 'sap-c4c/nowhere']),
    ]);
    expect(some.code).toBe(0);
    expect(some.stdout.match(/^✓ sap-c4c\/bad-inbound/gm)?.length).toBeGreaterThan(2);
    expect(some.stdout).not.toContain('lifecare');
    expect(none).toMatchObject({ code: 2, stderr: 'silta: no cases were found\n' });
  });

  it('reports as one JSON object, and as JUnit with what failed', async () => {
    const where = await copySystem(folder, 'reported');
    await edit(join(where, 'sap-c4c', 'priority.conceptmap.json'), '"code": "2"', '"code": "3"');
    const [json, junit] = await Promise.all([
      silta(['map', 'test', 'sap-c4c', '--reporter', 'json'], {}, where),
      silta(['map', 'test', 'sap-c4c', '--reporter', 'junit'], {}, where),
    ]);
    expect([json.code, junit.code]).toEqual([1, 1]);
    const { summary, cases } = JSON.parse(json.stdout);
    expect(summary).toMatchObject({ failed: 1, ruleCoverage: 1, conditionCoverage: 1, rowCoverage: 1 });
    expect(cases).toHaveLength(summary.passed + summary.failed);
    expect(cases.find((each: { passed: boolean }) => !each.passed)).toMatchObject({
      name: 'urgent-contact',
      differences: [{ path: 'ServicePriorityCode', expected: '2', actual: '3' }],
    });
    expect(junit.stdout).toMatch(/^<\?xml .*\n<testsuites tests="\d+" failures="1">/);
    expect(junit.stdout).toMatch(
      /<failure message="ServicePriorityCode: expected &quot;2&quot;, got &quot;3&quot;&#10;/,
    );
  });

  it('shows no colours where there is no terminal', async () => {
    const { stdout } = await silta(['map', 'test', '--filter', 'sap-c4c/asap']);
    expect(stdout).not.toContain('\u001b');
  });

  it('takes over new outputs only when told to, and never a failure for a result', async () => {
    const where = await copySystem(folder, 'updated');
    const cases = join(where, 'sap-c4c', 'cases');
    await edit(join(where, 'sap-c4c', 'priority.conceptmap.json'), '"code": "2"', '"code": "3"');
    await edit(join(cases, 'bad-priority', 'case.yaml'), 'error:', '# moved\nerror:');
    await edit(join(cases, 'bad-priority', 'case.yaml'), ':10', ':11');
    await edit(join(cases, 'asap', 'input.json'), '"asap"', '"kiire"');
    const expected = join(cases, 'urgent-contact', 'expected.json');
    const before = await readFile(expected, 'utf8');
    const asked = await silta(['map', 'test', 'sap-c4c', '--update'], {}, where);
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.stderr).toContain('without a terminal say --yes');
    expect(await readFile(expected, 'utf8')).toBe(before);
    const told = await silta(['map', 'test', 'sap-c4c', '--update', '--yes'], {}, where);
    expect(told.code).toBe(1);
    expect(told.stdout).toContain('ServicePriorityCode: expected "2", got "3"');
    expect(told.stdout).toContain('2 accepted, 1 left');
    expect(JSON.parse(await readFile(expected, 'utf8'))).toMatchObject({ ServicePriorityCode: '3' });
    expect(await readFile(join(cases, 'bad-priority', 'case.yaml'), 'utf8')).toMatch(
      /# moved\nerror:[\s\S]*:10/,
    );
    const after = await silta(['map', 'test', 'sap-c4c'], {}, where);
    expect(after.stdout).toMatch(/^✗ sap-c4c\/asap /m);
    expect(after.stderr).toBe('silta: 1 case(s) failed\n');
  });

  it('lists the changes of the maps that no case notices, and holds them against a threshold', async () => {
    const where = await copySystem(folder, 'mutated');
    await rm(join(where, 'sap-c4c', 'cases', 'two-names'), { recursive: true });
    const { code, stdout, stderr } = await silta(['map', 'test', 'sap-c4c', '--mutate'], {}, where);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^mutants of sap-c4c: \d+ of \d+ noticed$/m);
    expect(stdout).toMatch(
      /^ {2}sap-c4c\/task-to-ticket\.fml:\d+:3: rule 'name': 'first' was dropped, and every case passes$/m,
    );
    expect(stderr).toMatch(/99 % of the mutants are noticed, 100 % are wanted/);
    await edit(join(where, 'sap-c4c', 'system.yaml'), 'mutants: 100', 'mutants: 90');
    expect(await silta(['map', 'test', 'sap-c4c', '--mutate'], {}, where)).toMatchObject({
      code: 0,
      stderr: '',
    });
  }, 180_000);

  it('has a case for every change of the maps that are shipped', async () => {
    const { code, stdout, stderr } = await silta(['map', 'test', '--mutate', '--coverage']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const [, noticed, of] of stdout.matchAll(/(\d+) of (\d+) noticed/g)) expect(noticed).toBe(of);
  }, 180_000);

  it('tells each broken file of a case by its place', async () => {
    const where = await copySystem(folder, 'unreadable');
    const cases = join(where, 'sap-c4c', 'cases');
    await writeFile(join(cases, 'asap', 'case.yaml'), 'title: x\nmap: [\n');
    await rm(join(cases, 'minimal', 'input.json'));
    const { code, stdout } = await silta(['map', 'test', 'sap-c4c'], {}, where);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ sap-c4c\/asap .*\n {4}sap-c4c\/cases\/asap\/case\.yaml:\d+:\d+: /);
    expect(stdout).toMatch(/minimal\/case\.yaml:1:1: there is no file 'input\.json'/);
  });

  it('watches, and runs again what a change concerns', async () => {
    const where = await copySystem(folder, 'watched');
    const running = startSilta(['map', 'test', 'sap-c4c', '--watch'], {}, where);
    try {
      await running.printed('watching');
      const expected = join(where, 'sap-c4c', 'cases', 'asap', 'expected.json');
      await edit(expected, '"ServicePriorityCode": "1"', '"ServicePriorityCode": "5"');
      await running.printed('sap-c4c: 0 passed, 1 failed');
      await edit(expected, '"ServicePriorityCode": "5"', '"ServicePriorityCode": "1"');
      await running.printed('sap-c4c: 1 passed, 0 failed');
      await edit(
        join(where, 'sap-c4c', 'task-to-ticket.fml'),
        'ticket.ProcessingTypeCode',
        'ticket.Procesing',
      );
      await running.printed("has no element 'Procesing'");
    } finally {
      running.child.kill('SIGTERM');
      await running.ended;
    }
  });

  it('refuses options that do not go together, and reporters that are not there', async () => {
    const [together, reporter] = await Promise.all([
      silta(['map', 'test', '--watch', '--mutate']),
      silta(['map', 'test', '--reporter', 'tap']),
    ]);
    expect(together).toMatchObject({ code: 2, stderr: 'silta: --watch goes with --filter alone\n' });
    expect(reporter).toMatchObject({
      code: 2,
      stderr: 'silta: --reporter tap: spec, junit, json are there\n',
    });
  });
});
