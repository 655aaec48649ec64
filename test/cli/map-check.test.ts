import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copySystem, edit } from './map-system.ts';
import { silta } from './run-silta.ts';

describe('silta map check', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-check-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds nothing in the maps that are shipped, strictly either', async () => {
    const { code, stdout, stderr } = await silta(['map', 'check', '--strict']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+ maps in \d+ folder\(s\): no faults\n$/);
  });

  it('warns without failing, and fails strictly', async () => {
    const where = await copySystem(folder, 'warned');
    const map = join(where, 'sap-c4c', 'task-to-ticket.fml');
    await edit(map, 'let kindSystem', "let lonely = 'x';\nlet kindSystem");
    const [lax, strict] = await Promise.all([
      silta(['map', 'check', 'sap-c4c'], {}, where),
      silta(['map', 'check', 'sap-c4c', '--strict'], {}, where),
    ]);
    expect(lax).toMatchObject({ code: 0, stderr: '' });
    expect(lax.stdout).toMatch(
      /^sap-c4c\/task-to-ticket\.fml:\d+:1: warning: constant 'lonely' is never used$/m,
    );
    expect(lax.stdout).toContain('0 error(s), 1 warning(s)');
    expect(strict.code).toBe(1);
  });

  it('shows all syntax errors of a map at once', async () => {
    const where = await copySystem(folder, 'broken');
    const map = join(where, 'sap-c4c', 'ticket-to-task.fml');
    await edit(map, 'message -> task.intent', 'message -> -> task.intent');
    await edit(map, 'message.note as words ->', 'message.note as ->');
    const { code, stdout } = await silta(['map', 'check', 'sap-c4c/ticket-to-task.fml'], {}, where);
    expect(code).toBe(1);
    expect(stdout.match(/^sap-c4c\/ticket-to-task\.fml:\d+:\d+: expected /gm)).toHaveLength(2);
  });

  it('reads system.yaml: a route whose map is not there, an unknown property, broken YAML, each with its place', async () => {
    const where = await copySystem(folder, 'routes');
    const file = join(where, 'sap-c4c', 'system.yaml');
    await edit(file, 'map: task-to-ticket.fml', 'map: task-to-tickte.fml');
    const missing = await silta(['map', 'check', 'sap-c4c'], {}, where);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stdout).toMatch(
      /^sap-c4c\/system\.yaml:22:10: there is no map 'task-to-tickte\.fml' in the folder$/m,
    );
    await edit(file, 'sector: health', 'sector: health\nsectr: health');
    const unknown = await silta(['map', 'check', 'sap-c4c'], {}, where);
    expect(unknown.stdout).toMatch(/^sap-c4c\/system\.yaml:4:1: unknown property 'sectr'/m);
    await writeFile(file, 'title: [\n');
    const broken = await silta(['map', 'check', 'sap-c4c'], {}, where);
    expect(broken.stdout).toMatch(/^sap-c4c\/system\.yaml:\d+:\d+: /m);
    expect(broken.code).toBe(1);
  });

  it('points into a ConceptMap whose code the element cannot hold', async () => {
    const where = await copySystem(folder, 'codes');
    await edit(join(where, 'sap-c4c', 'priority.conceptmap.json'), '"code": "routine"', '"code": "rutine"');
    const { code, stdout } = await silta(['map', 'check', 'sap-c4c', '--strict'], {}, where);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^sap-c4c\/priority\.conceptmap\.json:\d+:\d+: warning: .*source code 'rutine'/m);
  });

  it('gives JSON to programs', async () => {
    const where = await copySystem(folder, 'json');
    await edit(join(where, 'sap-c4c', 'task-to-ticket.fml'), 'ticket.ProcessingTypeCode', 'ticket.Procesing');
    const { code, stdout } = await silta(['map', 'check', 'sap-c4c', '--format', 'json'], {}, where);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      summary: { maps: 2, folders: 1, errors: 1, warnings: 0 },
      findings: [
        expect.objectContaining({
          file: 'sap-c4c/task-to-ticket.fml',
          line: 24,
          column: 11,
          severity: 'error',
        }),
      ],
    });
  });

  it('refuses an unknown option and an unknown format with exit code 2', async () => {
    const [option, format] = await Promise.all([
      silta(['map', 'check', '--stict']),
      silta(['map', 'check', '--format', 'yaml']),
    ]);
    expect(option.code).toBe(2);
    expect(option.stderr).toContain("unknown option '--stict'");
    expect(format).toMatchObject({ code: 2, stderr: 'silta: --format yaml: text or json is wanted\n' });
  });
});
