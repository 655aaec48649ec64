import { describe, expect, it } from '@jest/globals';
import { MappingError } from '../../src/mapping/index.ts';
import { compile, environment, mapText, problems, ticketModel } from './map-fixture.ts';

const TASK_TO_TICKET = `/// version = '1.2.0'
map "https://silta.example/fhir/StructureMap/task-to-ticket" = "TaskToTicket"

conceptmap "#priority" {
  prefix f = "http://hl7.org/fhir/request-priority"
  prefix t = "urn:ticket:priority"
  f:urgent == t:"1"
  f:routine == t:"3"
}

uses "http://hl7.org/fhir/StructureDefinition/Task" alias Task as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "${ticketModel.url}" alias Ticket as target

let prefix = 'Silta: ';

group TaskToTicket(source task : Task, source patient : Patient, target ticket : Ticket) {
  task -> ticket.Open = true "open";
  task.priority as p -> ticket.Priority = translate(p, '#priority', 'code') "priority";
  task.description as d -> ticket.Subject = append(prefix, d) "subject";
  patient.name first as name -> ticket.Caller as caller then {
    name where family.exists() -> caller.Name = (%name.family & ', ' & %name.given.first()) "callerName";
  } "caller";
  task.input as input where type.coding.exists(code = 'answer') -> ticket.Lines as line then Line(input, line) "lines";
}

group Line(source input, target line) {
  input.value : string as v -> line.Text = v "text";
  input.extension as e -> line.Tags = (url) "tag";
}
`;

const task = {
  resourceType: 'Task',
  status: 'requested',
  intent: 'order',
  priority: 'urgent',
  description: 'Call the citizen',
  input: [
    {
      type: { coding: [{ code: 'answer' }] },
      valueString: 'I slept badly',
      extension: [{ url: 'urn:a', valueCode: 'x' }],
    },
    { type: { coding: [{ code: 'other' }] }, valueString: 'not this one' },
    { type: { coding: [{ code: 'answer' }] }, valueInteger: 4 },
  ],
};
const patient = {
  resourceType: 'Patient',
  name: [{ family: 'Korhonen', given: ['Aino', 'Maria'] }, { family: 'Toinen' }],
};

describe('a map from two resources to a system message', () => {
  const map = compile(TASK_TO_TICKET);

  it('knows its url, name, version and the names of its sources', () => {
    expect(map).toMatchObject({
      url: 'https://silta.example/fhir/StructureMap/task-to-ticket',
      name: 'TaskToTicket',
      version: '1.2.0',
      sources: ['task', 'patient'],
    });
    expect(map.structureMap.resourceType).toBe('StructureMap');
  });

  it('writes every element in the shape of the model, without a resourceType and without empty parts', () => {
    expect(map.run({ task, patient }, environment())).toEqual({
      Open: true,
      Priority: '1',
      Subject: 'Silta: Call the citizen',
      Caller: { Name: 'Korhonen, Aino' },
      Lines: [{ Text: 'I slept badly', Tags: ['urn:a'] }],
    });
  });

  it('leaves its sources as they were', () => {
    const before = structuredClone({ task, patient });
    map.run({ task, patient }, environment());
    expect({ task, patient }).toEqual(before);
  });

  it('tells of every element written the rule, the place and the source element', () => {
    const { result, trace } = map.trace({ task, patient }, environment());
    expect(result).toEqual(map.run({ task, patient }, environment()));
    const line = trace.find((each) => each.target === 'TestTicket.Lines[0].Text');
    expect(line).toMatchObject({
      rule: 'text',
      source: 'Task.input[0].valueString',
      position: { file: 'test.fml' },
    });
  });

  it('fails at the rule when a code has no translation', () => {
    const run = (): unknown => map.run({ task: { ...task, priority: 'stat' }, patient }, environment());
    expect(run).toThrow(MappingError);
    expect(run).toThrow(/^test\.fml:19:\d+: rule 'priority': #priority has no translation of 'stat'$/);
  });

  it('fails when a source is missing or of another type', () => {
    expect(() => map.run({ task }, environment())).toThrow(/the source 'patient' is missing/);
    expect(() => map.run({ task: patient, patient }, environment())).toThrow(
      /the source 'task' must be a Task/,
    );
  });
});

describe('static checks', () => {
  it('report every unknown element on both sides with its place and a suggestion', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      `  src.birthdate -> tgt.Open = true;\n  src.name as n -> tgt.Line as l;`,
    );
    expect(problems(text)).toEqual([
      "6:3 Patient has no element 'birthdate' (did you mean 'birthDate'?)",
      "7:20 TestTicket has no element 'Line' (did you mean 'Lines'?)",
    ]);
  });
});
