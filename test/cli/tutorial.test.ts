import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compileStructure, loadDefinitions } from '../../src/definitions/index.ts';
import { loadSystems } from '../../src/systems/index.ts';
import { ROOT, silta } from './run-silta.ts';

const FILES = [
  'system.yaml',
  'call.logical.json',
  'urgency.conceptmap.json',
  'task-to-call.fml',
  'cases/urgent/case.yaml',
  'cases/urgent/task.json',
  'cases/urgent/patient.json',
  'cases/urgent/expected.json',
];

describe('the tutorial of docs/mapping.md', () => {
  let folder: string;
  let mappings: string;
  let commands: readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-tutorial-'));
    mappings = join(folder, 'mappings');
    await mkdir(join(mappings, 'home-care', 'cases', 'urgent'), { recursive: true });
    const page = await readFile(join(ROOT, 'docs', 'mapping.md'), 'utf8');
    const [, section = ''] = page.split('## A new system in five minutes');
    const [tutorial = '', after = ''] = section.split('Check it, run it');
    const [steps = ''] = after.split('\n## ');
    commands = [...steps.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, text = '']) =>
      text.trim().split('\n'),
    );
    const blocks = [...tutorial.matchAll(/```\w*\n([\s\S]*?)```/g)].map(([, text = '']) => text);
    expect(blocks).toHaveLength(FILES.length);
    for (const [index, name] of FILES.entries()) {
      await writeFile(join(mappings, 'home-care', name), blocks[index] ?? '');
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is a folder whose case passes', async () => {
    const { code, stdout, stderr } = await silta(['map', 'test', 'mappings/home-care'], {}, folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ home-care\/urgent .*\n\n1 passed, 0 failed\n$/);
  });

  it('has commands that do what the page says', async () => {
    expect(commands.length).toBeGreaterThanOrEqual(5);
    for (const command of commands) {
      const [npx, name, ...args] = command.split(' ');
      expect([npx, name]).toEqual(['npx', 'silta']);
      expect({ command, ...(await silta(args, {}, folder)) }).toMatchObject({ command, code: 0 });
    }
  });

  it('is a system that the gateway loads', async () => {
    const definitions = await loadDefinitions({ profiles: join(ROOT, 'profiles') });
    const [system] = await loadSystems({
      directory: mappings,
      definitions,
      compileModel: (model) => compileStructure(model, definitions),
      environment: { HOME_CARE_URL: 'https://home-care.example', HOME_CARE_SECRET: 'krypta-70' },
      sandboxDefaults: false,
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    expect(system).toMatchObject({
      name: 'home-care',
      routes: [{ name: 'call-request' }],
    });
  });
});
