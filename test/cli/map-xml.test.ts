import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, silta } from './run-silta.ts';

const MAP = `map "http://example.org/patient" = "patient"
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "http://hl7.org/fhir/StructureDefinition/Person" alias Person as target
group main(source src : Patient, target tgt : Person) {
  src.gender -> tgt.gender "gender";
  src.birthDate -> tgt.birthDate "born";
}
`;
const PATIENT = `<Patient xmlns="http://hl7.org/fhir"><gender value="female"/>
<birthDate value="1984-11-07"/></Patient>`;

describe('silta map run with XML', () => {
  let folder: string;
  const at = (file: string) => join(folder, file);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-xml-'));
    await Promise.all([
      writeFile(at('patient.fml'), MAP),
      writeFile(at('patient.xml'), PATIENT),
      writeFile(at('bomb.xml'), '<!DOCTYPE a [<!ENTITY b "b">]><Patient/>'),
    ]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads an input that is XML and writes XML when told to, JSON otherwise', async () => {
    const run = ['map', 'run', at('patient.fml'), '--input', at('patient.xml')];
    const [asJson, asXml] = await Promise.all([silta(run), silta([...run, '--to', 'xml'])]);
    expect(JSON.parse(asJson.stdout)).toEqual({
      resourceType: 'Person',
      gender: 'female',
      birthDate: '1984-11-07',
    });
    expect(asXml).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Person xmlns="http://hl7.org/fhir">',
        '  <gender value="female"/>',
        '  <birthDate value="1984-11-07"/>',
        '</Person>',
        '',
      ].join('\n'),
    });
  });

  it('writes the message of a connected system by its logical model', async () => {
    const copy = at('sap-c4c');
    await cp(join(ROOT, 'mappings', 'sap-c4c'), copy, { recursive: true });
    const { code, stdout } = await silta([
      'map',
      'run',
      join(copy, 'task-to-ticket.fml'),
      '--to',
      'xml',
      '--input',
      `task=${join(copy, 'cases', 'urgent-contact', 'input.json')}`,
      '--input',
      `patient=${join(copy, 'cases', '_inputs', 'patient.json')}`,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^<\?xml .*\n<SapC4cTicket>\n[\s\S]*<ServicePriorityCode value="2"\/>/);
  });

  it('refuses entities at their place, and formats it does not know', async () => {
    const run = ['map', 'run', at('patient.fml'), '--input'];
    const [bomb, format] = await Promise.all([
      silta([...run, at('bomb.xml')]),
      silta([...run, at('patient.xml'), '--to', 'hl7']),
    ]);
    expect(bomb).toMatchObject({ code: 1, stdout: '' });
    expect(bomb.stderr).toMatch(/bomb\.xml:1:\d+: not XML: a document type/);
    expect(format).toMatchObject({ code: 2, stderr: 'silta: --to hl7: json, xml, hl7v2, csv are there\n' });
  });
});
