import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startGateway, type TestGateway } from '../rest/gateway.ts';
import { ROOT, silta } from './run-silta.ts';

const PATIENT = `{
  "resourceType": "Patient",
  "gender": "mail",
  "name": [
    { "given": ["A", ""] }
  ],
  "birthDate": "1990-02-30"
}
`;
const TASK = `<Task xmlns="http://hl7.org/fhir">
  <status value="requested"/>
  <intent value="order"/>
  <input>
    <type><text value="a"/></type>
    <valueInteger value="3"/>
  </input>
  <input>
    <type><text value="a"/></type>
    <valueDate value="3"/>
  </input>
</Task>
`;
const questionnaire = {
  resourceType: 'Questionnaire',
  url: 'http://example.org/q',
  version: '2',
  status: 'active',
  item: [{ linkId: 'a', type: 'integer' }],
};
const answer = (value: object) => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire: 'http://example.org/q|2',
  status: 'completed',
  item: [{ linkId: 'a', answer: [value] }],
});

describe('silta validate', () => {
  let folder: string;
  let gateway: TestGateway;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-validate-'));
    gateway = await startGateway();
  });
  afterAll(async () => {
    await gateway.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function file(name: string, content: string | object): Promise<string> {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  it('speaks of answers in the language that is asked for, and of no other than it knows', async () => {
    const form = await file('language/form.json', questionnaire);
    const given = await file('language/answer.json', {
      ...answer({ valueInteger: 1 }),
      item: [{ linkId: 'b' }],
    });
    const said = (language: string) =>
      silta(['validate', given, '--questionnaire', form, '--language', language]);
    expect((await said('fi')).stdout).toContain("Lomakkeella ei ole kohtaa 'b'");
    expect((await said('sv')).stdout).toContain("Formuläret har ingen fråga 'b'");
    expect((await said('en')).stdout).toContain("The questionnaire has no item 'b'");
    expect(await said('de')).toMatchObject({
      code: 2,
      stderr: "silta: --language must be 'fi', 'sv' or 'en'\n",
    });
  });

  it('shows each finding with the line and column of its element, in JSON and in XML', async () => {
    const [patient, task] = [await file('patient.json', PATIENT), await file('task.xml', TASK)];
    const { code, stdout, stderr } = await silta(['validate', patient, task]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(new RegExp(`^${patient}:3:3: error code-invalid .* \\(Patient\\.gender\\)$`));
    expect(lines[1]).toMatch(
      new RegExp(`^${patient}:5:22: error value .* \\(Patient\\.name\\[0\\]\\.given\\[1\\]\\)$`),
    );
    expect(lines[2]).toMatch(new RegExp(`^${patient}:7:3: error value .* \\(Patient\\.birthDate\\)$`));
    expect(lines[3]).toMatch(new RegExp(`^${task}:10:5: error value .* \\(Task\\.input\\[1\\]\\.value\\)$`));
    expect([code, lines[4], stderr]).toEqual([
      1,
      '2 validated: 0 valid, 2 invalid',
      'silta: 4 error(s), 0 warning(s)\n',
    ]);
  });

  it('gives the OperationOutcome of the server', async () => {
    const path = await file('same.json', PATIENT);
    const { stdout, code } = await silta(['validate', path, '--format', 'json']);
    const { body } = await request(gateway.url)
      .post('/Patient/$validate')
      .set({ Authorization: 'Bearer portal', 'Content-Type': 'application/fhir+json' })
      .send(PATIENT)
      .expect(200);
    expect([code, JSON.parse(stdout)]).toEqual([1, body]);
    const good = await file('good.json', { resourceType: 'Patient', active: true });
    const valid = await silta(['validate', good, '--format', 'json']);
    expect([valid.code, JSON.parse(valid.stdout).issue[0].severity]).toEqual([0, 'information']);
  });

  it('tells what is no JSON, no XML or no resource by its place', async () => {
    const json = await file('broken.json', '{"resourceType":"Patient",}');
    const xml = await file('broken.xml', '<Patient xmlns="http://hl7.org/fhir">\n  <nonsense/>\n</Patient>');
    const none = await file('none.json', '{"a": 1}');
    const { code, stdout } = await silta(['validate', json, xml, none]);
    expect(code).toBe(1);
    expect(stdout).toContain(`${json}:1:27: error structure expected a name in double quotes.\n`);
    expect(stdout).toContain(`${xml}:2:3: error structure 'Patient' has no element 'nonsense'. (Patient)\n`);
    expect(stdout).toContain(`${none}:1:1: error structure The body must name its 'resourceType'.`);
  });

  it('judges answers by the Questionnaire of the option, or of the files', async () => {
    const form = await file('form.json', questionnaire);
    const good = await file('answers/1.json', answer({ valueInteger: 3 }));
    await file('answers/2.json', answer({ valueString: 'x' }));
    expect((await silta(['validate', good])).stdout).toContain('This questionnaire is not known here');
    expect(await silta(['validate', good, '--questionnaire', form])).toMatchObject({ code: 0 });
    const both = await silta(['validate', join(folder, 'answers'), form]);
    expect(both.stdout).toContain('(QuestionnaireResponse.item[0].answer[0]');
    expect(both.stdout).toContain('3 validated: 2 valid, 1 invalid');
    const wrong = await silta(['validate', good, '--questionnaire', good]);
    expect([wrong.code, wrong.stderr]).toEqual([2, `silta: --questionnaire ${good}: is no Questionnaire\n`]);
  });

  it('judges by a profile that is named', async () => {
    const task = await file('bare-task.json', {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
    });
    const profile = 'https://silta.example/fhir/StructureDefinition/silta-task';
    expect(await silta(['validate', task])).toMatchObject({ code: 0 });
    expect(await silta(['validate', task, '--profile', profile])).toMatchObject({ code: 1 });
    expect(await silta(['validate', task, '--profile', 'urn:nobody'])).toMatchObject({
      code: 2,
      stderr: "silta: --profile: 'urn:nobody' is not known here\n",
    });
  });

  it('searches directories, and gives a Bundle of outcomes for several files', async () => {
    await file('many/a.json', { resourceType: 'Patient' });
    await file('many/deep/b.xml', '<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>');
    await file('many/package.json', { name: 'not a resource' });
    await file('many/.hidden.json', '{');
    await file('many/node_modules/c.json', '{');
    const { code, stdout } = await silta(['validate', join(folder, 'many'), '--format', 'json']);
    const bundle = JSON.parse(stdout) as { entry: { fullUrl: string }[] };
    expect(code).toBe(0);
    expect(bundle.entry.map(({ fullUrl }) => fullUrl.replace(/.*\/many\//, ''))).toEqual([
      'a.json',
      'deep/b.xml',
    ]);
  });

  it('reads the standard input', async () => {
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'cli', 'main.js'), 'validate', '-'], {
      env: { PATH: process.env['PATH'] } as NodeJS.ProcessEnv,
    });
    child.stdin.end(PATIENT);
    let stdout = '';
    for await (const chunk of child.stdout) stdout += String(chunk);
    expect(stdout).toContain('-:3:3: error code-invalid');
  });

  it.each([
    [['no-such-file.json'], 'no-such-file.json: there is no such file'],
    [['.', '--format', 'yaml'], "--format must be 'text' or 'json'"],
    [[], "missing required argument 'files'"],
    [['--nonsense', '.'], "unknown option '--nonsense'"],
    [[join('test', 'support')], 'there are no JSON or XML files in what was given'],
  ])('ends with 2 when it is called wrongly: %p', async (args, message) => {
    const { code, stderr } = await silta(['validate', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
