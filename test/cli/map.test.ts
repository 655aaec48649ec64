import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, silta } from './run-silta.ts';

const C4C = join(ROOT, 'mappings', 'sap-c4c');
const CASES = join(C4C, 'cases');

describe('silta map', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-map-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A copy of the C4C system with one file changed. */
  async function spoil(name: string, file: string, from: string, to: string): Promise<string> {
    const copy = join(folder, name, 'sap-c4c');
    await cp(C4C, copy, { recursive: true });
    const text = await readFile(join(copy, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no '${from}'`);
    await writeFile(join(copy, file), text.replace(from, to));
    return join(folder, name);
  }

  it('check finds nothing wrong with the maps that are shipped', async () => {
    const { code, stdout, stderr } = await silta(['map', 'check']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+ maps in \d+ folder\(s\): no faults\n$/);
  });

  it('check shows a misspelt element by its place, with the one that was meant', async () => {
    const where = await spoil(
      'misspelt',
      'task-to-ticket.fml',
      'ticket.ProcessingTypeCode',
      'ticket.ProcesingTypeCode',
    );
    const { code, stdout, stderr } = await silta(['map', 'check', 'sap-c4c'], {}, where);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^sap-c4c\/task-to-ticket\.fml:24:11: .*'ProcesingTypeCode'.*did you mean 'ProcessingTypeCode'\?/m,
    );
    expect(stderr).toBe('silta: 1 fault(s) in 1 folder(s)\n');
  });

  it('check says that there is no such folder, and that there are no maps in one', async () => {
    const [missing, empty] = await Promise.all([
      silta(['map', 'check', 'mapings/sap']),
      silta(['map', 'check', 'docs']),
    ]);
    expect(missing).toMatchObject({
      code: 2,
      stderr: 'silta: mapings/sap: there is no such file or folder\n',
    });
    expect(empty).toMatchObject({ code: 2, stderr: 'silta: docs: no maps (*.fml) here\n' });
  });

  it('run prints the result and nothing else on standard output, and the trace on standard error', async () => {
    const { code, stdout, stderr } = await silta([
      'map',
      'run',
      join(C4C, 'task-to-ticket.fml'),
      '--trace',
      '--input',
      `task=${join(CASES, 'urgent-contact', 'input.json')}`,
      '--input',
      `patient=${join(CASES, '_inputs', 'patient.json')}`,
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(
      JSON.parse(await readFile(join(CASES, 'urgent-contact', 'expected.json'), 'utf8')),
    );
    expect(stderr).toMatch(
      /^SapC4cTicket\.ServicePriorityCode {2}<- Task\.priority {2}rule 'translated' mappings\/sap-c4c\/task-to-ticket\.fml:\d+:\d+$/m,
    );
  });

  it('run names the inputs that are missing or not known, with exit code 2', async () => {
    const map = join(C4C, 'task-to-ticket.fml');
    const task = join(CASES, 'urgent-contact', 'input.json');
    const [missing, unknown, unreadable, none] = await Promise.all([
      silta(['map', 'run', map, '--input', `task=${task}`]),
      silta(['map', 'run', map, '--input', `tsk=${task}`]),
      silta(['map', 'run', map, '--input', 'task=nowhere.json']),
      silta(['map', 'run', map]),
    ]);
    expect(missing).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'silta: The map needs --input patient=FILE\n',
    });
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain("the map's inputs are task, patient");
    expect(unreadable).toMatchObject({ code: 2, stdout: '' });
    expect(unreadable.stderr).toContain('nowhere.json cannot be read');
    expect(none).toMatchObject({ code: 2, stdout: '' });
  });

  it('run shows where an input is not JSON, and where a map fails', async () => {
    const broken = join(folder, 'broken.json');
    await writeFile(broken, '{\n  "messageId": "m-17",\n  "status" 3\n}\n');
    const map = join(C4C, 'ticket-to-task.fml');
    const [notJson, refused] = await Promise.all([
      silta(['map', 'run', map, '--input', broken]),
      silta(['map', 'run', map, '--input', join(CASES, 'bad-inbound-status', 'input.json')]),
    ]);
    expect(notJson).toMatchObject({ code: 1, stdout: '' });
    expect(notJson.stderr).toContain(`${broken}:3:12: not JSON`);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^silta: mappings\/sap-c4c\/ticket-to-task\.fml:\d+:\d+: rule 'status': /);
  });

  it('test shows of a failing case the path, both values and the rule, and goes on with the others', async () => {
    const where = await spoil('failing', 'priority.conceptmap.json', '"code": "2"', '"code": "3"');
    const { code, stdout, stderr } = await silta(['map', 'test', where]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^✗ sap-c4c\/urgent-contact {2}.+\n {4}ServicePriorityCode: expected "2", got "3"\n {6}written by \S+\/sap-c4c\/task-to-ticket\.fml:\d+:\d+ rule 'translated'$/m,
    );
    expect(stdout).toMatch(/^✓ sap-c4c\/asap /m);
    expect(stdout).toMatch(/\n\d+ passed, 1 failed\n$/);
    expect(stderr).toBe('silta: 1 case(s) failed\n');
  });
});
