import { describe, expect, it } from '@jest/globals';
import { type CheckOptions, checkMap, parseMap } from '../../src/mapping/index.ts';
import { definitions, mapText, ticketModel } from './map-fixture.ts';

/** A map whose required element is written, so that a test sees only what it is about. */
const SUBJECT = 'src.id as id -> tgt.Subject = id "subject";';

function check(text: string, more: Partial<CheckOptions> = {}): readonly string[] {
  return checkMap(text, 'x.fml', { definitions, models: [ticketModel], ...more }).map(
    ({ severity, line, column, message }) => `${severity} ${line}:${column} ${message}`,
  );
}

describe('checking a map', () => {
  it('tells a required element that no rule writes, at the place that makes its holder', () => {
    expect(check(mapText('Patient', 'Ticket', 'src.active as a -> tgt.Open = a "open";'))).toEqual([
      expect.stringMatching(/^error 5:\d+ TestTicket\.Subject is required, and no rule writes it$/),
    ]);
    expect(check(mapText('Patient', 'Ticket', SUBJECT))).toEqual([]);
  });

  it('tells a list that is written into an element of one value, unless one of it is chosen', () => {
    const repeated = (source: string): readonly string[] =>
      check(mapText('Patient', 'Ticket', `${SUBJECT}\n${source} -> tgt.Priority = n.use "use";`));
    const [found] = repeated('src.name as n');
    expect(found).toMatch(
      /^warning 7:\d+ 'name' can be there several times, but 'Priority' takes one value$/,
    );
    expect(repeated('src.name first as n')).toEqual([]);
    expect(repeated("src.name as n where use = 'official'")).toEqual([]);
  });

  it('lets a list be written into what each of its items makes', () => {
    const lines = 'src.name as n -> tgt.Lines as l then { n.family as f -> l.Text = f "text"; } "lines";';
    expect(check(mapText('Patient', 'Ticket', `${SUBJECT}\n${lines}`))).toEqual([]);
  });

  it('tells the outermost rule that nothing can reach, and why', () => {
    const body = `${SUBJECT}
src.name as n where false -> tgt.Lines as l then { n.family as f -> l.Text = f "text"; } "never";`;
    expect(check(mapText('Patient', 'Ticket', body))).toEqual([
      "warning 7:1 rule 'never' is never applied: its condition is always false",
    ]);
  });

  it('tells codes of a ConceptMap that the elements cannot hold, by the row', () => {
    const block = `conceptmap "#g" { prefix s = "http://hl7.org/fhir/administrative-gender" prefix t = "urn:t"
  s:male == t:M
  s:mael == t:M
}`;
    const body = `${SUBJECT}\nsrc.gender as g -> tgt.Priority = translate(g, '#g', 'code') "gender";`;
    expect(check(mapText('Patient', 'Ticket', body, '', block))).toEqual([
      expect.stringMatching(/^warning \d+:3 ConceptMap #g: the source code 'mael' is not in http:\S+gender/),
    ]);
  });

  it('does not call a group unused that another map calls', () => {
    const text = mapText(
      'Patient',
      'Ticket',
      SUBJECT,
      'group Shared(source s : Patient, target t : Ticket) { s.active as a -> t.Open = a "open"; }',
    );
    const { map: caller } = parseMap(
      '/// url = \'urn:caller\'\n/// name = \'Caller\'\nimports "http://x"\ngroup G(source s, target t) { s -> t as x then Shared(s, x) "c"; }',
      'caller.fml',
    );
    expect(check(text)).toEqual([expect.stringContaining("group 'Shared' is never called")]);
    expect(check(text, { others: caller ? [caller] : [] })).toEqual([]);
  });

  it('tells a constant that nothing reads', () => {
    const text = mapText('Patient', 'Ticket', SUBJECT).replace(/^group/m, "let lonely = 'x';\n\ngroup");
    expect(check(text)).toEqual([expect.stringContaining("constant 'lonely' is never used")]);
  });
});

describe('strictly', () => {
  const strict = (body: string, comments = ''): readonly string[] =>
    check(mapText('Ticket', 'Ticket', body).replace(/^uses/m, `${comments}uses`), { strict: true }).map(
      (line) => line.replace(/^(\w+) [\d:]+ /, '$1 '),
    );
  const READS =
    'src.Subject as s -> tgt.Subject = s "subject";\nsrc.Priority as p -> tgt.Priority = p "priority";';

  it('each source element is read, or said to be ignored with a reason', () => {
    const [found, ...more] = strict(READS);
    expect(more).toEqual([]);
    expect(found).toMatch(/^warning no rule reads TestTicket\.\w+(, TestTicket\.\w+)*$/);
    const unread = found?.replace('warning no rule reads ', '') ?? '';
    expect(strict(READS, `// silta: ignore ${unread} — not for us\n`)).toEqual([]);
    expect(strict(READS, '// silta: ignore TestTicket.* — not for us\n')).toEqual([]);
  });

  it('an ignored element without a reason, and one that is read, are findings themselves', () => {
    expect(strict(READS, '// silta: ignore TestTicket.Open\n')[0]).toContain('needs a reason');
    expect(
      strict(READS, '// silta: ignore TestTicket.* — x\n// silta: ignore TestTicket.Subject — y\n'),
    ).toEqual(["warning 'TestTicket.Subject' need not be ignored: it is read, or not there"]);
  });

  it('an element counts as read when something reads it before the map runs', () => {
    const text = mapText('Ticket', 'Ticket', READS).replace(
      /^uses/m,
      '// silta: ignore TestTicket.Lines — x\nuses',
    );
    const readElsewhere = new Set(['Open', 'Kind', 'Score', 'Due', 'Flags']);
    const [found = ''] = check(text, { strict: true, readElsewhere });
    expect(found).not.toContain('TestTicket.Open');
  });
});
