import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, type World } from '../gateway/world.ts';
import { type Answer, ask, moodAnswer } from './citizen.ts';

const VALIDATE = '/fhir/QuestionnaireResponse/$validate';
const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';

describe('a body that means harm', () => {
  let world: World;
  let token: string;
  let patient: string;

  beforeAll(async () => {
    world = await createWorld();
    await world.startGateway();
    const { accessToken, patient: id } = await world.users.signIn('tessa');
    token = accessToken;
    patient = id;
  }, 60_000);
  afterAll(() => world.close());

  const send = (body: unknown, headers?: Record<string, string>): Promise<Answer> =>
    ask(world, 'POST', '/fhir/QuestionnaireResponse', { token, body, ...(headers && { headers }) });
  const validate = (more: object): Promise<Answer> =>
    ask(world, 'POST', VALIDATE, { token, body: moodAnswer(patient, more) });
  const narrative = (content: string, attributes = XHTML) => ({
    text: { status: 'generated', div: `<div ${attributes}>${content}</div>` },
  });
  const extension = (value: object) => ({ extension: [{ url: 'https://other.example/x', ...value }] });

  it.each([
    ['base64 of white space only', () => extension({ valueBase64Binary: `${' '.repeat(900_000)}!` })],
    ['an endless row of <', () => narrative('<'.repeat(500_000))],
    ['an endless row of tags that do not end', () => narrative('<a'.repeat(400_000))],
    ['one tag name that does not end', () => narrative(`<${'a'.repeat(900_000)}`)],
    ['comments that do not end', () => narrative('<!--'.repeat(200_000))],
    ['an address behind endless white space', () => narrative(`<a href=${' '.repeat(900_000)}x>`)],
    ['attributes without a value', () => narrative(`<a ${'b '.repeat(400_000)}`)],
    ['a code of words', () => extension({ valueCode: `${'a '.repeat(400_000)} ` })],
    ['an OID of arcs', () => extension({ valueOid: `urn:oid:1${'.1'.repeat(400_000)}.` })],
    [
      'misspelt elements',
      () => ({
        extension: Array.from({ length: 20_000 }, (_, i) => ({
          url: `https://x.example/${i}`,
          valueIntege: i,
        })),
      }),
    ],
    ['misspelt types', () => ({ contained: Array(20_000).fill({ resourceType: 'Patiend' }) })],
    ['misspelt items', () => ({ item: Array.from({ length: 20_000 }, (_, i) => ({ linkId: `mod${i}` })) })],
    [
      'contained resources in a circle',
      () => ({
        contained: Array.from({ length: 20_000 }, (_, i) => {
          const link = [{ type: 'seealso', other: { reference: `#p${(i + 1) % 20_000}` } }];
          return { resourceType: 'Patient', id: `p${i}`, link };
        }),
      }),
    ],
    ['a moment of fractions', () => ({ authored: `2020-01-01T00:00:00.${'1'.repeat(900_000)}` })],
  ])('is judged in time that grows with it and no faster: %s', async (_what, more) => {
    const body = more();
    const began = performance.now();
    const { status, json } = await validate(body);
    expect({ status, type: json['resourceType'] }).toEqual({ status: 200, type: 'OperationOutcome' });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it.each([
    ['a script', '<script>alert(1)</script>'],
    ['a script behind a comment that browsers end early', '<!--><script>alert(1)</script>-->'],
    ['an event handler behind a quoted >', '<b title=">" onmouseover="alert(1)">x</b>'],
    ['an event handler after a slash', '<b title=""/onmouseover="alert(1)">x</b>'],
    ['an event handler on its own line', '<b\nonmouseover="alert(1)">x</b>'],
    ['an event handler in capitals', '<b ONMOUSEOVER="alert(1)">x</b>'],
    ['a tag inside a tag', '<script <b>alert(1)</b>'],
    ['a tag that does not end', '<img src="x" onerror="alert(1)"'],
    ['an address that runs a script', '<a href="javascript:alert(1)">x</a>'],
    ['the same with a tab in it', '<a href="java\tscript:alert(1)">x</a>'],
    ['the same with a character reference in it', '<a href="&#106;avascript:alert(1)">x</a>'],
    ['an attribute without quotes', '<a href=javascript:alert(1)>x</a>'],
  ])('is refused as narrative with %s', async (_what, content) => {
    const { status, json } = await send(moodAnswer(patient, narrative(content)));
    expect(status).toBe(422);
    expect(json['issue']).toContainEqual(
      expect.objectContaining({ expression: ['QuestionnaireResponse.text.div'] }),
    );
  });

  it('is no harmless narrative', async () => {
    const content =
      '<!-- about --><p class="a" style=\'color: red\'>1 &lt; 2 > 1<br/></p><a href="https://x.example/?a=1&amp;b=2">x</a><img src="#i" alt="y" />';
    const { json } = await validate(narrative(content, `${XHTML} lang="fi"`));
    expect(json['issue']).toEqual([expect.objectContaining({ diagnostics: 'The resource is valid.' })]);
  });

  it.each([
    ['a prototype', '{"resourceType":"QuestionnaireResponse","__proto__":{"status":"completed"}}', 400],
    ['an escaped prototype', '{"resourceType":"QuestionnaireResponse","\\u005f_proto__":{}}', 400],
    ['a constructor', '{"resourceType":"QuestionnaireResponse","constructor":{"prototype":{}}}', 400],
    ['a name twice', '{"resourceType":"QuestionnaireResponse","status":"completed","status":"amended"}', 400],
    ['endless arrays', '['.repeat(100_000), 400],
    ['endless objects', '{"a":'.repeat(100_000), 400],
    ['U+0000', '{"resourceType":"QuestionnaireResponse","status":"\\u0000"}', 400],
    ['half a character', '{"resourceType":"QuestionnaireResponse","status":"\\ud800"}', 400],
    ['six megabytes', `{"resourceType":"${'a'.repeat(6_000_000)}"}`, 413],
  ])('is refused with %s, without a stack trace', async (_what, body, status) => {
    const answer = await send(body);
    expect(answer.status).toBe(status);
    expect(answer.json['resourceType']).toBe('OperationOutcome');
    expect(answer.text).not.toMatch(/ {4}at |node_modules|\.[jt]s:\d/);
  });

  it('is refused when it unpacks to more than a body may have', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000, ' '));
    expect((await send(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
    expect((await send('x', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await send('x', { 'content-encoding': 'x' })).status).toBe(415);
  });

  it('is refused as XML with an entity, which nobody resolves', async () => {
    const body =
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><QuestionnaireResponse>&a;</QuestionnaireResponse>';
    const answer = await send(body, { 'content-type': 'application/fhir+xml' });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toContain('root:');
  });
});
