import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { C4C, newSystem } from './map-system.ts';
import { ROOT, silta } from './run-silta.ts';

describe('silta map', () => {
  let folder: string;
  let system: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-authoring-'));
    system = await newSystem(join(folder, 'mappings'), 'home-care');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('new makes a system that is clean, tested whole, and whose cases notice every change', async () => {
    const [checked, tested] = await Promise.all([
      silta(['map', 'check', system, '--strict']),
      silta(['map', 'test', system, '--coverage', '--mutate']),
    ]);
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(tested).toMatchObject({ code: 0, stderr: '' });
    expect(tested.stdout).toMatch(/mutants of home-care: (\d+) of \1 noticed/);
    const yaml = await readFile(join(system, 'system.yaml'), 'utf8');
    expect(yaml).toMatch(/^# yaml-language-server: \$schema=\S+system\.schema\.json\ntitle: Home care\n/);
    expect(yaml).toContain('${HOME_CARE_URL:-');
  });

  it('new overwrites nothing and leaves nothing behind', async () => {
    const before = await readdir(join(folder, 'mappings'));
    const [again, badName, nowhere] = await Promise.all([
      silta(['map', 'new', 'home-care', '--in', join(folder, 'mappings')]),
      silta(['map', 'new', 'Home Care', '--in', join(folder, 'mappings')]),
      silta(['map', 'new', 'other', '--in', join(folder, 'nowhere')]),
    ]);
    expect([again.code, badName.code, nowhere.code]).toEqual([2, 2, 2]);
    expect(again.stderr).toContain('is there already; nothing was written');
    expect(badName.stderr).toContain('small letters, digits and hyphens');
    expect(nowhere.stderr).toContain('there is no such folder');
    expect(await readdir(join(folder, 'mappings'))).toEqual(before);
  });

  it('roundtrip lists what is lost there and back, and the seed that shows it again', async () => {
    const run = (seed: string) => silta(['map', 'roundtrip', system, '--runs', '40', '--seed', seed]);
    const [one, same] = await Promise.all([run('11'), run('11')]);
    expect(one).toEqual(same);
    expect(one.code).toBe(1);
    expect(one.stdout).toMatch(/^ {2}kept: .*HomeCareOrder\.urgency/m);
    expect(one.stdout).toMatch(/^ {2}HomeCareOrder\.messageId {2}lost (\d+) of \1: ".+" became nothing$/m);
    expect(one.stdout).toMatch(/^seed 11$/m);
  });

  it('roundtrip says when no maps belong together, and what a number is', async () => {
    const [unpaired, notNumber] = await Promise.all([
      silta(['map', 'roundtrip', C4C]),
      silta(['map', 'roundtrip', system, '--runs', 'many']),
    ]);
    expect(unpaired).toMatchObject({ code: 2 });
    expect(unpaired.stderr).toContain('no map leads back');
    expect(notNumber.code).toBe(2);
    expect(notNumber.stderr).toContain('a whole number is wanted');
  });

  it('convert goes from FML to StructureMap in JSON and XML and back without loss', async () => {
    const map = join(C4C, 'task-to-ticket.fml');
    const paths = ['a.json', 'b.fml', 'c.xml', 'd.fml'].map((name) => join(folder, name));
    const steps = [map, ...paths];
    for (const [index, to] of paths.entries())
      expect(await silta(['map', 'convert', steps[index] ?? '', '--to', to])).toMatchObject({
        code: 0,
        stderr: '',
      });
    const [json, fml, xml, again] = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
    expect(JSON.parse(json ?? '')).toMatchObject({
      resourceType: 'StructureMap',
      name: 'SapC4cTaskToTicket',
    });
    expect(xml).toContain('<StructureMap xmlns="http://hl7.org/fhir">');
    expect(again).toBe(fml);
  });

  it('convert writes the shape of R5 when asked, in JSON', async () => {
    const map = join(C4C, 'task-to-ticket.fml');
    const [r4, r5, fml] = ['r4.fml', 'r5.json', 'r5.fml'].map((name) => join(folder, name));
    const steps = [
      [map, '--to', r4],
      [map, '--to', r5, '--fhir-version', 'R5'],
      [r5, '--to', fml],
    ];
    for (const step of steps)
      expect(await silta(['map', 'convert', ...step.map(String)])).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(r5 ?? '', 'utf8')).not.toContain('contextType');
    const again = await readFile(fml ?? '', 'utf8');
    // The order of the head's lines is that of the resource.
    const sorted = (text: string) => text.split('\n').sort();
    expect(sorted(again)).toEqual(sorted(await readFile(r4 ?? '', 'utf8')));
    expect(await silta(['map', 'convert', map, '--to', '-.xml', '--fhir-version', 'R5'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--fhir-version R5 goes with --to *.json'),
    });
  });

  it('convert refuses what is no map, with every fault, and endings that it does not know', async () => {
    const notMap = join(folder, 'patient.json');
    const broken = join(folder, 'broken.fml');
    await writeFile(notMap, '{ "resourceType": "Patient" }');
    await writeFile(broken, 'map "u" = "n"\ngroup G(source a {\n}\nuses x\n');
    const [resource, syntax, ending, missing] = await Promise.all([
      silta(['map', 'convert', notMap, '--to', '-.fml']),
      silta(['map', 'convert', broken, '--to', '-.json']),
      silta(['map', 'convert', join(C4C, 'task-to-ticket.fml'), '--to', 'x.yaml']),
      silta(['map', 'convert', join(folder, 'nowhere.fml'), '--to', '-.json']),
    ]);
    expect(resource).toMatchObject({ code: 1, stdout: '' });
    expect(resource.stderr).toContain('patient.json:1:1: ');
    expect(syntax).toMatchObject({ code: 1, stdout: '' });
    expect(syntax.stderr.match(/broken\.fml:\d+:\d+: /g)?.length).toBeGreaterThan(1);
    expect(ending).toMatchObject({ code: 2, stdout: '' });
    expect(missing).toMatchObject({ code: 2, stdout: '' });
  });

  it('print gives a map that prints the same again, and can stand guard', async () => {
    const copy = join(folder, 'printed.fml');
    await cp(join(C4C, 'ticket-to-task.fml'), copy);
    const [printed, guarded] = await Promise.all([
      silta(['map', 'print', copy]),
      silta(['map', 'print', copy, '--check']),
    ]);
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(guarded).toMatchObject({ code: 1, stdout: '' });
    expect(await silta(['map', 'print', copy, '--write'])).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(copy, 'utf8')).toBe(printed.stdout);
    expect(await silta(['map', 'print', copy, '--check'])).toMatchObject({ code: 0 });
  });

  it('docs prints a table for each map', async () => {
    const { code, stdout } = await silta(['map', 'docs', system]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Fields of home-care$/m);
    expect(stdout).toContain(
      '| `Order.urgency` | `Task.priority` | translated by ConceptMap #urgency | – | urgency,',
    );
  });

  it('run takes a StructureMap, models and maps of other folders, and writes to a file', async () => {
    const lone = join(folder, 'lone');
    await mkdir(lone, { recursive: true });
    const map = join(lone, 'task-to-order.json');
    await silta(['map', 'convert', join(system, 'task-to-order.fml'), '--to', map]);
    const input = join(system, 'cases', 'urgent', 'input.json');
    const target = join(folder, 'out.json');
    const without = await silta(['map', 'run', map, '--input', input]);
    expect(without).toMatchObject({ code: 1, stdout: '' });
    expect(without.stderr).toContain('home-care-order');
    const ran = await silta(['map', 'run', map, '--input', input, '--models', system, '--target', target]);
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(JSON.parse(await readFile(target, 'utf8'))).toEqual({
      reference: 't-1',
      state: 'requested',
      urgency: 'B',
      text: 'Call back',
    });
  });

  it('run --trace=json writes the trace as Parameters', async () => {
    const input = join(system, 'cases', 'urgent', 'input.json');
    const args = ['map', 'run', join(system, 'task-to-order.fml'), '--input', input];
    const [traced, unknown] = await Promise.all([
      silta([...args, '--trace=json']),
      silta([...args, '--trace=xml']),
    ]);
    expect(traced.code).toBe(0);
    expect(JSON.parse(traced.stderr)).toMatchObject({ resourceType: 'Parameters' });
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
  });

  it('says of each command what it does, with examples', async () => {
    for (const command of ['check', 'run', 'test', 'roundtrip', 'new', 'print', 'convert', 'docs']) {
      const { code, stdout } = await silta(['map', command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain('Examples:\n  $ silta map');
      expect(stdout).toContain('Exit codes:');
    }
  });

  // Rule 5 of CONTRIBUTING.md.
  it('adds a system without a change in the program', async () => {
    const sources = await readdir(join(ROOT, 'src'), { recursive: true });
    const named = await Promise.all(
      sources
        .filter((name) => name.endsWith('.ts') && !name.startsWith('sandbox'))
        .map(async (name) => [name, await readFile(join(ROOT, 'src', name), 'utf8')] as const),
    );
    const systems = await readdir(join(ROOT, 'mappings'), { withFileTypes: true });
    // Code that knew a system would compare with its name.
    for (const { name } of systems.filter((entry) => entry.isDirectory()))
      expect(named.filter(([, text]) => text.includes(`=== '${name}'`)).map(([file]) => file)).toEqual([]);
    expect(await silta(['map', 'test', system])).toMatchObject({ code: 0 });
  });
});
