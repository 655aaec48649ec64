import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silta } from './run-silta.ts';

const MAP = `map "http://example.org/copy" = "copy"
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Out as target
group copy(source src : Patient, target tgt : Out) { src.gender -> tgt.gender; }
`;
const question = (required: boolean) => ({
  resourceType: 'Questionnaire',
  url: 'http://example.org/q',
  status: 'active',
  item: [{ linkId: 'a', type: 'string', required }],
});
const response = {
  resourceType: 'QuestionnaireResponse',
  questionnaire: 'http://example.org/q',
  status: 'completed',
  item: [{ linkId: 'a', answer: [{ valueString: 'seventeen' }] }],
};

describe('silta conformance', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-conformance-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Writes the files of a suite. */
  async function suite(name: string, files: Readonly<Record<string, unknown>>): Promise<string> {
    for (const [file, content] of Object.entries(files)) {
      const path = join(folder, name, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    }
    return join(folder, name);
  }

  const mapSuite = (name: string, gender: string) =>
    suite(name, {
      'manifest.xml': `<fml-tests><test name="one" source="in.json" map="copy.map" output="out.json"/></fml-tests>`,
      'copy.map': MAP,
      'in.json': { resourceType: 'Patient', gender: 'female' },
      'out.json': { resourceType: 'Patient', gender },
    });

  it('fml prints a line a case and the totals, and ends well when every case is as expected', async () => {
    const { code, stdout } = await silta(['conformance', 'fml', await mapSuite('good', 'female')]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '✓ one (copy.map)  as expected\n\n1 cases: 1 as expected, 0 differ\n',
    });
  });

  it('fml shows what differs and fails', async () => {
    const { code, stdout, stderr } = await silta(['conformance', 'fml', await mapSuite('bad', 'male')]);
    expect(code).toBe(1);
    expect(stdout).toContain('✗ one (copy.map)  differs\n    gender: expected "male", got "female"\n');
    expect(stderr).toBe('silta: 1 case(s) differ\n');
  });

  it('questionnaire compares verdicts and places', async () => {
    const issues = [{ severity: 'error', expression: ['QuestionnaireResponse.item[0].answer[0]'] }];
    const where = await suite('answers', {
      'agreed/questionnaire.json': question(true),
      'agreed/response.json': response,
      'agreed/expected.json': { valid: true, issues: [] },
      'disputed/questionnaire.json': question(false),
      'disputed/response.json': response,
      'disputed/expected.json': { valid: false, issues },
    });
    const { code, stdout } = await silta(['conformance', 'questionnaire', where]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        '✓ agreed  valid',
        '✗ disputed  valid, expected invalid',
        '    nothing is reported at QuestionnaireResponse.item[0].answer[0]',
        '',
        '2 cases: 1 as expected, 1 differ',
        '',
      ].join('\n'),
    );
  });

  it('says of a folder that is not there, holds no suite or holds a broken case what is wrong, with exit code 2', async () => {
    const empty = await suite('empty', { 'readme.txt': 'nothing' });
    const broken = await suite('broken', { 'one/questionnaire.json': '{' });
    const [missing, noManifest, noCases, unreadable] = await Promise.all([
      silta(['conformance', 'fml', 'nowhere']),
      silta(['conformance', 'fml', empty]),
      silta(['conformance', 'questionnaire', empty]),
      silta(['conformance', 'questionnaire', broken]),
    ]);
    expect(missing).toMatchObject({ code: 2, stderr: 'silta: nowhere: there is no such folder\n' });
    expect(noManifest).toMatchObject({ code: 2, stderr: `silta: ${empty}: there is no manifest.xml here\n` });
    expect(noCases).toMatchObject({ code: 2, stderr: 'silta: no cases were found\n' });
    expect(unreadable).toMatchObject({ code: 2 });
    expect(unreadable.stderr).toContain('a case cannot be read');
  });

  it('explains itself', async () => {
    const { code, stdout } = await silta(['conformance', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/fml <directory>[\s\S]*questionnaire <directory>/);
  });

  it('examples sends each in JSON and XML, and says what was refused', async () => {
    const directory = await suite('examples', {
      'Patient-a.json': { resourceType: 'Patient', id: 'a', meta: { versionId: '7' }, active: true },
      'Observation-b.json': `{"resourceType":"Observation","id":"b","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/none"},"valueQuantity":{"value":1.00}}`,
      'Provenance-c.json': {
        resourceType: 'Provenance',
        id: 'c',
        target: [{ reference: 'Patient/a' }],
        recorded: '2026-01-31T12:00:00Z',
        agent: [{ who: { display: 'someone' } }],
      },
      'Bundle-d.json': { resourceType: 'Bundle', id: 'd', type: 'collection' },
    });
    const database = { DATABASE_URL: process.env['SILTA_TEST_ADMIN_URL'] as string };
    const good = await silta(['conformance', 'examples', directory], database);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout.replace(/ +/g, ' ')).toBe(
      [
        'type tried equal breaks R4 policy refused differing',
        'Observation 1 1 0 0 0 0',
        'Patient 1 1 0 0 0 0',
        'Provenance 1 1 0 0 0 0',
        'all 3 3 0 0 0 0',
        '',
      ].join('\n'),
    );
  }, 120_000);

  it('examples shows what was refused, and fails', async () => {
    const directory = await suite('bad-examples', {
      'Patient-e.json': { resourceType: 'Patient', id: 'e', gender: 'x' },
    });
    const database = { DATABASE_URL: process.env['SILTA_TEST_ADMIN_URL'] as string };
    const bad = await silta(['conformance', 'examples', directory, '--types', 'Patient'], database);
    expect([bad.code, bad.stderr]).toEqual([1, 'silta: 1 example(s) refused or differing\n']);
    expect(bad.stdout).toMatch(/✗ Patient-e\.json refused: json: 422 \| Patient\.gender /);
  }, 120_000);

  it('examples tells what breaks R4 itself and what policy refuses from what is refused wrongly', async () => {
    const gender = (performer: string) => ({
      resourceType: 'Observation',
      id: 'clinical-gender',
      status: 'final',
      code: { text: 'x' },
      performer: [{ reference: performer }],
    });
    const directory = await suite('flawed-examples', {
      'Observation-clinical-gender.json': gender('Encounter/1'),
      'QuestionnaireResponse-f.json': {
        resourceType: 'QuestionnaireResponse',
        id: 'f',
        questionnaire: 'http://example.org/none',
        status: 'completed',
      },
      'Basic-g.json': {
        resourceType: 'Basic',
        id: 'g',
        code: { text: 'x' },
        modifierExtension: [{ url: 'http://example.org/x', valueBoolean: true }],
      },
    });
    const database = { DATABASE_URL: process.env['SILTA_TEST_ADMIN_URL'] as string };
    const good = await silta(['conformance', 'examples', directory], database);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toMatch(
      /– Observation-clinical-gender\.json breaks R4: Observation\.performer refers to Practitioner, .*, not Encounter/,
    );
    expect(good.stdout).toMatch(/– QuestionnaireResponse-f\.json policy: answers are kept only/);
    expect(good.stdout).toMatch(/– Basic-g\.json policy: what an unknown modifier/);

    // An example is at fault for what is recorded of it, and for nothing else.
    const other = { ...gender('Encounter/1'), status: 'done' };
    const again = await suite('other-flaw', { 'Observation-clinical-gender.json': other });
    const bad = await silta(['conformance', 'examples', again], database);
    expect([bad.code, bad.stderr]).toEqual([1, 'silta: 1 example(s) refused or differing\n']);
  }, 120_000);

  it('examples tells when there are none, or a type is not kept', async () => {
    const database = { DATABASE_URL: process.env['SILTA_TEST_ADMIN_URL'] as string };
    const empty = await suite('no-examples', { 'a.json': {} });
    expect(await silta(['conformance', 'examples', empty], database)).toMatchObject({ code: 2 });
    const unknown = await silta(['conformance', 'examples', empty, '--types', 'Patent'], database);
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      "silta: --types: 'Patent' is not kept by the gateway\n",
    ]);
  }, 120_000);

  describe('search', () => {
    const database = () => ({ DATABASE_URL: process.env['SILTA_TEST_ADMIN_URL'] as string });
    const task = (id: string, period: object) => ({
      resourceType: 'Task',
      id,
      status: 'requested',
      intent: 'order',
      executionPeriod: period,
    });

    it('finds every example again by its own values', async () => {
      const directory = await suite('searched', {
        'task.json': task('one', { start: '2026-01-01', end: '2026-02-01' }),
        'patient.json': { resourceType: 'Patient', id: 'p', name: [{ family: 'Mäkelä, A|B' }] },
        'bundle.json': { resourceType: 'Bundle', id: 'b', type: 'collection' },
        'package.json': { name: 'examples' },
      });
      const { code, stdout } = await silta(['conformance', 'search', directory], database());
      expect(stdout).toMatch(/^2 examples, \d+ parameters, \d+ searches: 0 did not find their example\n$/);
      expect(code).toBe(0);
    });

    it('names the parameter that an example is not found by, and fails', async () => {
      const directory = await suite('lost', {
        'task.json': task('two', { start: '2026-02-01', end: '2026-01-01' }),
      });
      const { code, stdout } = await silta(['conformance', 'search', directory], database());
      expect(stdout).toContain(
        '✗ Task?period  2 of 2 not found\n    two: not found by period=ge2026-02-01\n',
      );
      expect(code).toBe(1);
    });

    it('refuses a folder without examples', async () => {
      for (const directory of [await suite('none', { 'package.json': {} }), join(folder, 'nowhere')]) {
        expect((await silta(['conformance', 'search', directory])).code).toBe(2);
      }
    });
  });

  it('validator compares verdicts, tells what it left out, and fails below the threshold', async () => {
    const step = (name: string, errors: number, more: object = {}) => ({
      name,
      file: `${name}.json`,
      version: '4.0',
      java: { errorCount: errors },
      ...more,
    });
    const directory = await suite('validator', {
      'manifest.json': {
        'test-cases': [
          step('right', 0),
          step('wrong', 1),
          step('odd', 1),
          step('older', 0, { version: '3.0' }),
        ],
      },
      'right.json': { resourceType: 'Patient', active: true },
      'wrong.json': { resourceType: 'Patient', active: 'yes' },
      'odd.json': { resourceType: 'Patient', active: false },
    });
    const all = await silta(['conformance', 'validator', directory, '--threshold', '60']);
    expect(all.code).toBe(0);
    expect(all.stdout).toContain('✗ odd  valid here');
    expect(all.stdout).toContain('1  another FHIR version than R4');
    expect(all.stdout).toContain('3 verdicts compared: 2 agree (66.7 %), 1 differ');
    expect((await silta(['conformance', 'validator', directory])).code).toBe(1);
    expect((await silta(['conformance', 'validator', folder])).code).toBe(2);
    expect((await silta(['conformance', 'validator', directory, '--threshold', 'most'])).code).toBe(2);
  });
});
