import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compileStructure, loadDefinitions } from '../../src/definitions/index.ts';
import { SiltaError } from '../../src/outcome.ts';
import {
  loadSystems,
  type MapContext,
  runCases,
  type SystemsWatch,
  watchSystems,
} from '../../src/systems/index.ts';
import { SILENT } from './servers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAPPINGS = join(ROOT, 'mappings');

let context: MapContext;
let directory: string;
let shown: string;

beforeAll(async () => {
  const definitions = await loadDefinitions({ profiles: join(ROOT, 'profiles') });
  context = { definitions, compileModel: (model) => compileStructure(model, definitions) };
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'silta-mappings-'));
  shown = basename(directory);
  await cp(join(MAPPINGS, 'sap-c4c'), join(directory, 'sap-c4c'), { recursive: true });
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const load = (from = directory) =>
  loadSystems({ ...context, directory: from, environment: {}, sandboxDefaults: true, logger: SILENT });

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const file = join(directory, path);
  await writeFile(file, change(await readFile(file, 'utf8')));
}

async function messagesOf(work: Promise<unknown>): Promise<readonly string[]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SiltaError) return error.issues.map(({ diagnostics }) => diagnostics);
    throw error;
  }
  throw new Error('the mappings were taken, though they are broken');
}

describe('loading the connected systems', () => {
  it('reads the systems of the installation with their maps and sandbox defaults', async () => {
    const systems = await load(MAPPINGS);
    expect(systems.map(({ name }) => name)).toEqual(['lifecare', 'sap-c4c']);
    const [lifecare, c4c] = systems;
    expect(lifecare?.routes[0]?.map.sources).toEqual(['response', 'patient', 'questionnaire']);
    expect(c4c).toMatchObject({
      sector: 'health',
      transport: { kind: 'odata', timeoutMs: 10_000 },
      routes: [{ name: 'contact-ticket', on: 'Task', with: { patient: 'for' } }],
      inbound: [{ receive: 'ticket-status', messageId: 'messageId' }],
    });
  });

  it('takes addresses and secrets from the environment', async () => {
    const environment = {
      SAP_C4C_URL: 'https://my123.crm.ondemand.com',
      SAP_C4C_PASSWORD: 'a',
      SAP_C4C_INBOUND_SECRET: 'b',
    };
    const [c4c] = await loadSystems({
      ...context,
      directory,
      environment,
      sandboxDefaults: false,
      logger: SILENT,
    });
    expect(c4c?.transport.baseUrl).toBe('https://my123.crm.ondemand.com/sap/c4c/odata/v1/c4codataapi');
    expect(c4c?.inbound[0]?.auth).toEqual({ kind: 'bearer-secret', secret: 'b' });
  });

  it('lists every mistake of every folder, each with its place', async () => {
    await cp(join(MAPPINGS, 'lifecare'), join(directory, 'lifecare'), { recursive: true });
    await edit('lifecare/system.yaml', (text) => text.replace('sector: health', 'sector: helath'));
    await edit('sap-c4c/system.yaml', (text) => text.replace('task-to-ticket.fml', 'task-to-tiket.fml'));
    await edit('sap-c4c/ticket-to-task.fml', (text) => text.replace('task.intent', 'task.intnet'));
    await edit('sap-c4c/status.conceptmap.json', (text) => text.replace('"url"', '"ulr"'));
    expect(await messagesOf(load())).toEqual([
      `${shown}/lifecare/system.yaml:3:9: 'sector' must be one of health, social`,
      `${shown}/sap-c4c/status.conceptmap.json:1:1: a ConceptMap with a url is wanted here`,
      expect.stringMatching(/ticket-to-task\.fml:\d+:\d+: .*intnet.*did you mean 'intent'/),
      expect.stringMatching(/ticket-to-task\.fml:\d+:\d+: .*sap-c4c-status/),
      expect.stringMatching(
        /sap-c4c\/system\.yaml:22:10: there is no map 'task-to-tiket\.fml' in the folder/,
      ),
    ]);
  });

  it('names the place where JSON is broken', async () => {
    await writeFile(join(directory, 'sap-c4c', 'ticket.logical.json'), '{\n  "resourceType": \n}');
    const [first] = await messagesOf(load());
    expect(first).toMatch(/sap-c4c\/ticket\.logical\.json:3:1: not JSON: /);
  });

  it('wants the inputs of a map and of `with` to be the same', async () => {
    await edit('sap-c4c/system.yaml', (text) => text.replace('patient: for', 'citizen: for'));
    expect(await messagesOf(load())).toEqual([
      `${shown}/sap-c4c/system.yaml:24:16: task-to-ticket.fml has no further input 'citizen'; it has: patient`,
      `${shown}/sap-c4c/system.yaml:22:10: task-to-ticket.fml needs the input 'patient': say under 'with' where it is`,
    ]);
  });

  it('does not take a folder without a system.yaml for a system', async () => {
    await mkdir(join(directory, 'drafts'));
    expect((await load()).map(({ name }) => name)).toEqual(['sap-c4c']);
  });
});

describe('watching the connected systems', () => {
  let watch: SystemsWatch | undefined;
  let errors: { readonly faults?: readonly string[]; readonly message: string }[];
  let warnings: string[];
  let changes: number;

  async function start(): Promise<SystemsWatch> {
    errors = [];
    warnings = [];
    changes = 0;
    watch = await watchSystems({
      ...context,
      directory,
      environment: {},
      sandboxDefaults: true,
      logger: {
        ...SILENT,
        warn: (_, message) => warnings.push(message),
        error: (fields, message) => errors.push({ ...fields, message }),
      },
      onChange: () => {
        changes += 1;
      },
      debounceMs: 20,
    });
    return watch;
  }

  afterEach(async () => {
    await watch?.close();
    watch = undefined;
  });

  async function until(condition: () => boolean): Promise<void> {
    for (let waited = 0; !condition(); waited += 10) {
      if (waited > 10_000) throw new Error('it did not happen within 10 s');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('takes over a new title, a new system and the removal of one', async () => {
    const systems = await start();
    await edit('sap-c4c/system.yaml', (text) => text.replace(/title: .*/, 'title: Tiketit'));
    await until(() => systems.current()[0]?.title === 'Tiketit');
    await cp(join(MAPPINGS, 'lifecare'), join(directory, 'lifecare'), { recursive: true });
    await until(() => systems.current().length === 2);
    expect(systems.current().map(({ name }) => name)).toEqual(['lifecare', 'sap-c4c']);
    await rm(join(directory, 'sap-c4c'), { recursive: true });
    await until(() => systems.current().length === 1);
    expect(changes).toBeGreaterThanOrEqual(3);
  });

  it('takes over every change of a file that editors save by putting another in its place', async () => {
    const systems = await start();
    const path = join(directory, 'sap-c4c', 'system.yaml');
    const text = await readFile(path, 'utf8');
    for (const title of ['Yksi', 'Kaksi', 'Kolme']) {
      await writeFile(`${path}.new`, text.replace(/title: .*/, `title: ${title}`));
      await rename(`${path}.new`, path);
      await until(() => systems.current()[0]?.title === title);
    }
    await writeFile(path, text.replace(/title: .*/, 'title: Neljä'));
    await until(() => systems.current()[0]?.title === 'Neljä');
  });

  it('keeps the last good version of a broken system, says where it is broken, and leaves the others alone', async () => {
    await cp(join(MAPPINGS, 'lifecare'), join(directory, 'lifecare'), { recursive: true });
    const systems = await start();
    const before = systems.current();
    await edit('sap-c4c/task-to-ticket.fml', (text) => text.replace("'SRRQ'", "'SRRQ"));
    await until(() => errors.length > 0);
    expect(errors[0]?.faults?.[0]).toMatch(/sap-c4c\/task-to-ticket\.fml:24:\d+: /);
    expect(errors[0]?.message).toBe('A connected system is broken; its last good version stays.');
    expect(systems.current()).toEqual(before);
    expect(changes).toBe(0);
    expect(warnings).toEqual([]);
    await edit('sap-c4c/task-to-ticket.fml', (text) => text.replace("'SRRQ", "'SRRQ'"));
    await until(() => changes > 0);
    expect(systems.current()[0]).toBe(before[0]);
    expect(warnings).toContain('A connected system was taken over from its folder.');
  });

  it('says of a new system that is broken that it is not connected', async () => {
    const systems = await start();
    await mkdir(join(directory, 'home-care'));
    await writeFile(join(directory, 'home-care', 'system.yaml'), 'title: Home care\n');
    await until(() => errors.length > 0);
    expect(errors[0]?.message).toBe('A connected system is broken; it is not connected.');
    expect(systems.current().map(({ name }) => name)).toEqual(['sap-c4c']);
  });

  it('fails at the start when anything is wrong', async () => {
    await edit('sap-c4c/system.yaml', (text) => text.replace('kind: odata', 'kind: oodata'));
    expect(await messagesOf(start())).toEqual(
      expect.arrayContaining([expect.stringContaining('sap-c4c/system.yaml:6:9: ')]),
    );
  });
});

describe('the case runner', () => {
  it('shows what differs and which rule wrote it', async () => {
    await edit('sap-c4c/task-to-ticket.fml', (text) =>
      text.replace("ServicePriorityCode = '7'", "ServicePriorityCode = '3'"),
    );
    const results = await runCases([join(directory, 'sap-c4c')], context);
    expect(results.filter(({ passed }) => !passed)).toEqual([
      expect.objectContaining({
        system: 'sap-c4c',
        name: 'self-service',
        differences: [
          {
            path: 'ServicePriorityCode',
            expected: '7',
            actual: '3',
            writtenBy: expect.stringMatching(/task-to-ticket\.fml:\d+:\d+ rule 'self-service'/),
          },
        ],
      }),
    ]);
  });

  it('fails a case whose map fails elsewhere, does not fail, or cannot be read', async () => {
    const cases = 'sap-c4c/cases';
    await edit(`${cases}/bad-priority/case.yaml`, (text) => text.replace(/at: .*/, "at: '1:1'"));
    await edit(`${cases}/urgent-contact/case.yaml`, (text) => `${text}error: { at: '9:9' }\n`);
    await edit(`${cases}/minimal/case.yaml`, (text) => text.replace('title:', 'titel:'));
    await edit(`${cases}/normal-contact/input.json`, () => '{');
    await rm(join(directory, cases, 'manual-contact', 'expected.json'));
    const failed = (await runCases([join(directory, 'sap-c4c')], context)).filter(({ passed }) => !passed);
    expect(failed.map(({ name, problem }) => [name, problem?.split('\n')[0]])).toEqual([
      ['bad-no-patient', expect.stringMatching(/normal-contact\/input\.json:1:2: not JSON/)],
      [
        'bad-priority',
        expect.stringMatching(/another way than wanted \(1:1, rule 'translated'\): .*task-to-ticket/),
      ],
      ['manual-contact', expect.stringContaining('there is no expected.json')],
      ['minimal', expect.stringMatching(/minimal\/case\.yaml:1:1: /)],
      ['normal-contact', expect.stringMatching(/normal-contact\/input\.json:1:2: not JSON/)],
      ['urgent-contact', 'the map gave a result, though it should fail at 9:9'],
    ]);
  });

  it('says that the maps of a folder do not compile', async () => {
    await edit('sap-c4c/task-to-ticket.fml', (text) => text.replace('ticket.Name', 'ticket.Nmae'));
    expect(await runCases([join(directory, 'sap-c4c')], context)).toEqual([
      expect.objectContaining({ name: 'sap-c4c', passed: false, problem: expect.stringContaining('Nmae') }),
    ]);
  });
});
