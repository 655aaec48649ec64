import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, silta } from './run-silta.ts';

describe('silta map test --coverage', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-coverage-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('shows that the shipped cases exercise every rule, outcome and row, and writes lcov and pages', async () => {
    const reports = join(folder, 'reports');
    const { code, stdout } = await silta(['map', 'test', '--coverage', '--lcov', reports, '--html', reports]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^mappings\/sap-c4c\/task-to-ticket\.fml +100 % \(\d+\/\d+\) +100 % \(\d+\/\d+\)/m,
    );
    expect(stdout).toMatch(/^mappings\/lifecare\/response-to-document\.fml +100 % \(\d+\/\d+\)/m);
    expect(stdout).not.toMatch(/never (applied|true|false|translated)/);
    expect((await readdir(reports)).sort()).toEqual([
      'index.html',
      'lcov.info',
      'lifecare-response-to-document.html',
      'sap-c4c-task-to-ticket.html',
      'sap-c4c-ticket-to-task.html',
    ]);
    expect(await readFile(join(reports, 'lcov.info'), 'utf8')).toMatch(
      /^SF:mappings\/sap-c4c\/ticket-to-task\.fml$/m,
    );
    expect(await readFile(join(reports, 'index.html'), 'utf8')).toContain(
      'href="sap-c4c-task-to-ticket.html"',
    );
  });

  it('fails below a threshold of system.yaml and says what was not exercised; without --coverage it does not', async () => {
    const copy = join(folder, 'sap-c4c');
    await cp(join(ROOT, 'mappings', 'sap-c4c'), copy, { recursive: true });
    await rm(join(copy, 'cases', 'turvakielto'), { recursive: true });
    const [measured, plain] = await Promise.all([
      silta(['map', 'test', copy, '--coverage']),
      silta(['map', 'test', copy]),
    ]);
    expect(measured.code).toBe(1);
    expect(measured.stdout).toMatch(
      /^✗ sap-c4c: \d+ % of the (rules|conditions) are covered, 100 % are wanted$/m,
    );
    expect(measured.stdout).toMatch(/^ {2}\d+:\d+ never (applied|true)/m);
    expect(measured.stderr).toMatch(/^silta: \d threshold\(s\) not reached: .* % are wanted\n$/);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).not.toContain('never');
  });

  it('refuses a threshold that is none', async () => {
    const copy = join(folder, 'wrong', 'sap-c4c');
    await cp(join(ROOT, 'mappings', 'sap-c4c'), copy, { recursive: true });
    const file = join(copy, 'system.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/rules: 100/, 'rules: 101'));
    const { code, stderr } = await silta(['map', 'test', copy, '--coverage']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/system\.yaml:\d+:10: 'coverage\.rules' must be <= 100/);
  });
});
