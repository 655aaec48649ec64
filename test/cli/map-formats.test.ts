import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silta } from './run-silta.ts';

const TO_FHIR = `map "https://silta.example/fhir/StructureMap/adt-to-patient" = "AdtToPatient"
uses "urn:hl7-org:v2xml:ADT_A01" alias Adt as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as target
group main(source adt : Adt, target patient : Patient) {
  adt.PID as pid then {
    pid.PID_5 as name -> patient.name as made then {
      name.XPN_1.FN_1 as family -> made.family = family "family";
      name.XPN_2 as given -> made.given = given "given";
    } "name";
  } "pid";
}
`;
const TO_ADT = `map "https://silta.example/fhir/StructureMap/patient-to-adt" = "PatientToAdt"
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "urn:hl7-org:v2xml:ADT_A01" alias Adt as target
group main(source patient : Patient, target adt : Adt) {
  patient -> adt.MSH as msh, msh.MSH_9 as type, type.MSG_1 = 'ADT' "head";
  patient -> adt.EVN as evn, evn.EVN_1 = 'A08' "event";
  patient -> adt.PID as pid then {
    patient.name as name -> pid.PID_5 as made then {
      name.family as family -> made.XPN_1 as fn, fn.FN_1 = family "family";
    } "name";
  } "pid";
  patient -> adt.PV1 as pv1, pv1.PV1_2 as class, class.CWE_1 = 'O' "visit";
}
`;
/** In ISO-8859-1, as MSH-18 says. */
const MESSAGE = Buffer.from(
  'MSH|^~\\&|A|||||||||||||||8859/1\rEVN|A08\rPID|||||M\u00e4kel\u00e4^Meri\rPV1||O\r',
  'latin1',
);

describe('silta map run with HL7 v2', () => {
  let folder: string;
  const at = (file: string) => join(folder, file);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silta-formats-'));
    await Promise.all([
      writeFile(at('to-fhir.fml'), TO_FHIR),
      writeFile(at('to-adt.fml'), TO_ADT),
      writeFile(at('message.hl7'), MESSAGE),
      writeFile(at('broken.hl7'), 'MSH|^~\\&|A\rEVN|A08\rPID|||||M^M^M^^^^^^^^^^^^^^^X\rPV1||O\r'),
      writeFile(at('patient.json'), '{"resourceType":"Patient","name":[{"family":"Virta|nen"}]}'),
    ]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads a message in the encoding that it says it has', async () => {
    const { code, stdout, stderr } = await silta([
      'map',
      'run',
      at('to-fhir.fml'),
      '--input',
      at('message.hl7'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      resourceType: 'Patient',
      name: [{ family: 'Mäkelä', given: ['Meri'] }],
    });
  });

  it('writes a message with its own ends of lines', async () => {
    const run = ['map', 'run', at('to-adt.fml'), '--input', at('patient.json'), '--to', 'hl7v2'];
    expect(await silta(run)).toEqual({
      code: 0,
      stderr: '',
      stdout: 'MSH|^~\\&|||||||ADT\rEVN|A08\rPID|||||Virta\\F\\nen\rPV1||O\r',
    });
  });

  it('names the segment, field and component that it cannot read', async () => {
    const { code, stderr } = await silta(['map', 'run', at('to-fhir.fml'), '--input', at('broken.hl7')]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${at('broken.hl7')}:3:29: PID-5.18: XPN has no component 18`);
  });
});
