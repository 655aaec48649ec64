import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silta } from './run-silta.ts';

const MODEL = {
  resourceType: 'StructureDefinition',
  url: 'https://silta.example/fhir/StructureDefinition/weights',
  name: 'Weights',
  status: 'draft',
  kind: 'logical',
  abstract: false,
  type: 'Weights',
  derivation: 'specialization',
  differential: {
    element: [
      { id: 'Weights', path: 'Weights' },
      { id: 'Weights.row', path: 'Weights.row', min: 0, max: '*', type: [{ code: 'BackboneElement' }] },
      { id: 'Weights.row.name', path: 'Weights.row.name', min: 1, max: '1', type: [{ code: 'string' }] },
      { id: 'Weights.row.kilos', path: 'Weights.row.kilos', min: 0, max: '1', type: [{ code: 'decimal' }] },
    ],
  },
};
const MAP = `map "https://silta.example/fhir/StructureMap/weights" = "Copy"
uses "https://silta.example/fhir/StructureDefinition/weights" alias Weights as source
uses "https://silta.example/fhir/StructureDefinition/weights" alias Made as target
group main(source weights : Weights, target made : Made) {
  weights.row as row -> made.row as out then {
    row.name as name -> out.name = name "name";
    row.kilos as kilos -> out.kilos = kilos "kilos";
  } "row";
}
`;

describe('silta map run with CSV', () => {
  let folder: string;
  const at = (file: string) => join(folder, file);
  const run = (input: string, ...more: readonly string[]) =>
    silta(['map', 'run', at('copy.fml'), '--input', at(input), ...more]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-csv-'));
    await Promise.all([
      writeFile(at('weights.logical.json'), JSON.stringify(MODEL)),
      writeFile(at('copy.fml'), MAP),
      writeFile(at('finnish.csv'), 'kilos;name\n71,5;Meri, Aalto\n'),
      writeFile(at('bare.csv'), 'Meri|71.5\n'),
    ]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads and writes with the delimiter and the decimal sign that are said', async () => {
    const { code, stdout, stderr } = await run(
      'finnish.csv',
      ...['--csv-delimiter', ';', '--csv-decimal', ',', '--to', 'csv'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split(/\r?\n/)).toEqual(['name;kilos', 'Meri, Aalto;71,5', '']);
  });

  it('takes a decimal comma for a fault when none is said', async () => {
    const { code, stderr } = await run('finnish.csv');
    expect(code).toBe(1);
    expect(stderr).toMatch(/finnish\.csv:2:1: the column 'kilos' holds/);
  });

  it('reads rows without a head in the order of the model', async () => {
    const { code, stdout } = await run('bare.csv', '--no-csv-header');
    expect({ code, made: JSON.parse(stdout) }).toEqual({
      code: 0,
      made: { row: [{ name: 'Meri', kilos: 71.5 }] },
    });
  });

  it('tells what the signs can be', async () => {
    const delimiter = await run('bare.csv', '--csv-delimiter', ';;');
    expect(delimiter).toMatchObject({ code: 2, stderr: expect.stringContaining('one character is wanted') });
    const decimal = await run('bare.csv', '--csv-decimal', '-');
    expect(decimal).toMatchObject({ code: 2, stderr: expect.stringContaining('Allowed choices are ., ,') });
  });
});

describe('the size of what silta map run reads', () => {
  it('is bounded, and a larger input is refused by its size', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'silta-size-'));
    const map = join(folder, 'copy.fml');
    const input = join(folder, 'input.json');
    const patient = 'http://hl7.org/fhir/StructureDefinition/Patient';
    await writeFile(
      map,
      `map "https://silta.example/fhir/StructureMap/size" = "Size"
uses "${patient}" alias P as source
uses "${patient}" alias P as target
group main(source from : P, target to : P) { from.gender as gender -> to.gender = gender "gender"; }`,
    );
    await writeFile(
      input,
      JSON.stringify({ resourceType: 'Patient', gender: 'male', language: 'f'.repeat(3000) }),
    );
    const refused = await silta(['map', 'run', map, '--input', input, '--max-input', '0.002']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/input\.json: 0\.00306 MB are more than the 0\.002 MB of --max-input/);
    const taken = await silta(['map', 'run', map, '--input', input, '--max-input', '0.004']);
    expect(taken).toMatchObject({ code: 0, stderr: '' });
    await rm(folder, { recursive: true, force: true });
  });
});
