import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AINO, moodAnswer, startGateway, type TestGateway, task } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const XML = 'application/fhir+xml';
const XML_ANSWER = 'application/fhir+xml; charset=utf-8';
const JSON_ANSWER = 'application/fhir+json; charset=utf-8';
const FHIR = 'xmlns="http://hl7.org/fhir"';

/** A request of the portal, headers as given and no others. */
const ask = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, headers: object = {}) =>
  request(gateway.url)
    [method](path)
    .set({ Authorization: 'Bearer portal', ...headers });

const sendXml = (method: 'post' | 'put' | 'patch', path: string, body: string, headers: object = {}) =>
  ask(method, path, { 'Content-Type': XML, Accept: XML, ...headers }).send(body);

const taskXml = (more = '', id = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Task ${FHIR}>${id && `<id value="${id}"/>`}
  <status value="requested"/>
  <intent value="order"/>${more}
  <for><reference value="Patient/${AINO}"/></for>
</Task>`;

describe('a resource in XML', () => {
  it('goes in and comes out as XML', async () => {
    const created = await sendXml('post', '/Task', taskXml('<description value="Å &amp; Ö"/>')).expect(201);
    expect(created.headers['content-type']).toBe(XML_ANSWER);
    expect(created.text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?><Task xmlns="http:\/\/hl7.org\/fhir"><id value="[^"]+"\/><meta><versionId value="1"\/>/,
    );
    const id = /<id value="([^"]+)"/.exec(created.text)?.[1] ?? '';
    const json = await ask('get', `/Task/${id}`).expect(200);
    expect(json.body).toMatchObject({ resourceType: 'Task', description: 'Å & Ö', intent: 'order' });
    const again = await ask('get', `/Task/${id}`, { Accept: XML }).expect(200);
    expect(again.text).toBe(created.text);
    const updated = await sendXml('put', `/Task/${id}`, taskXml('<priority value="stat"/>', id), {
      'If-Match': 'W/"1"',
    }).expect(200);
    expect(updated.text).toContain('<priority value="stat"/>');
    const first = await ask('get', `/Task/${id}/_history/1`, { Accept: XML }).expect(200);
    expect(first.text).toBe(created.text);
  });

  it('is indented when asked for', async () => {
    const { text } = await ask('get', '/metadata?_format=xml&_pretty=true').expect(200);
    expect(text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<CapabilityStatement [^\n]*>\n {2}<status/,
    );
    expect(text).toContain('\n  <format value="application/fhir+xml"/>\n');
  });

  it('is part of Bundles: searches, histories, transactions, batches', async () => {
    const entry = (fullUrl: string, resource: string, url: string) =>
      `<entry><fullUrl value="${fullUrl}"/><resource>${resource}</resource><request><method value="POST"/><url value="${url}"/></request></entry>`;
    const group = '<groupIdentifier><value value="in-xml"/></groupIdentifier>';
    const inner = taskXml().replace(/<\?.*\?>/, '');
    const body = (type: string) =>
      `<Bundle ${FHIR}><type value="${type}"/>${entry(
        'urn:uuid:0e0c5ec4-17e5-4a0a-9a5c-9d6f1a5b1f02',
        inner.replace('<status', `${group}<status`),
        'Task',
      )}</Bundle>`;
    const transaction = await sendXml('post', '/', body('transaction')).expect(200);
    expect(transaction.text).toContain(
      `<Bundle ${FHIR}><type value="transaction-response"/><entry><response><status value="201 Created"/>`,
    );
    const batch = await sendXml('post', '/', body('batch')).expect(200);
    expect(batch.text).toContain('<type value="batch-response"/>');
    const found = await ask('get', '/Task?group-identifier=in-xml', { Accept: XML }).expect(200);
    expect(found.text).toContain('<type value="searchset"/><total value="2"/>');
    expect(found.text).toMatch(/<entry><fullUrl value="[^"]+"\/><resource><Task><id value=/);
    const id = /<Task><id value="([^"]+)"/.exec(found.text)?.[1];
    const history = await ask('get', `/Task/${id}/_history`, { Accept: XML }).expect(200);
    expect(history.text).toContain('<type value="history"/>');
    const form = await ask('post', '/Task/_search', { Accept: XML })
      .type('form')
      .send('group-identifier=in-xml')
      .expect(200);
    expect(form.text).toContain('<total value="2"/>');
  });

  it('is validated, patched and labelled', async () => {
    const parameters = (inner: string) => `<Parameters ${FHIR}>${inner}</Parameters>`;
    const resource = taskXml('<priority value="soon"/>').replace(/<\?.*\?>/, '');
    const judged = await sendXml(
      'post',
      '/Task/$validate',
      parameters(`<parameter><name value="resource"/><resource>${resource}</resource></parameter>`),
    ).expect(200);
    expect(judged.text).toContain(`<OperationOutcome ${FHIR}><issue><severity value="error"/>`);
    expect(judged.text).toContain('<expression value="Task.priority"/>');
    const { body } = await ask('post', '/Task').send(task(AINO)).expect(201);
    const part = (name: string, value: string) => `<part><name value="${name}"/><value${value}/></part>`;
    const patched = await sendXml(
      'patch',
      `/Task/${body.id}`,
      parameters(
        `<parameter><name value="operation"/>${part('type', 'Code value="replace"')}${part('path', 'String value="Task.status"')}${part('value', 'Code value="accepted"')}</parameter>`,
      ),
    ).expect(200);
    expect(patched.text).toContain('<status value="accepted"/>');
    const labelled = await sendXml(
      'post',
      `/Task/${body.id}/$meta-add`,
      parameters(
        '<parameter><name value="meta"/><valueMeta><tag><system value="urn:t"/><code value="a"/></tag></valueMeta></parameter>',
      ),
    ).expect(200);
    expect(labelled.text).toContain('<tag><system value="urn:t"/><code value="a"/></tag>');
  });

  it('goes the way of every write: an answer is judged by its questionnaire', async () => {
    const { linkId, answer } = (moodAnswer(AINO)['item'] as { linkId: string; answer: unknown }[])[0] ?? {};
    expect([linkId, answer]).not.toContain(undefined);
    const xml = (code: string) =>
      `<QuestionnaireResponse ${FHIR}><questionnaire value="${moodAnswer(AINO)['questionnaire']}"/><status value="completed"/><subject><reference value="Patient/${AINO}"/></subject><item><linkId value="contact"/><answer><valueCoding><system value="https://silta.example/fhir/CodeSystem/mood-answer"/><code value="${code}"/></valueCoding></answer></item></QuestionnaireResponse>`;
    await sendXml('post', '/QuestionnaireResponse', xml('continue')).expect(201);
    const refused = await sendXml('post', '/QuestionnaireResponse', xml('nonsense')).expect(422);
    expect(refused.text).toContain('<expression value="QuestionnaireResponse.item[0].answer[0]');
  });
});

describe('XML that is wrong', () => {
  it('is refused with each fault, its line, column and element', async () => {
    const before = await gateway.countResources();
    const { text, headers } = await sendXml('post', '/Task', taskXml('<nonsense/><note hidden="1"/>')).expect(
      400,
    );
    expect(headers['content-type']).toBe(XML_ANSWER);
    expect(text).toContain(
      `<issue><severity value="error"/><code value="structure"/><diagnostics value="4:26: 'Task' has no element 'nonsense'."/><expression value="Task"/></issue>`,
    );
    expect(text).toContain(`'note' has no attribute 'hidden'`);
    expect(await gateway.countResources()).toBe(before);
  });

  it.each([
    ['a document type', `<!DOCTYPE Task [<!ENTITY a SYSTEM "file:///etc/passwd">]>${taskXml().slice(38)}`],
    [
      'an entity bomb',
      `<!DOCTYPE l [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><Task ${FHIR}><id value="&b;"/></Task>`,
    ],
    ['another namespace', taskXml().replace('http://hl7.org/fhir', 'urn:hl7-org:v3')],
    ['no namespace', '<Task/>'],
    ['nothing', '  '],
    ['JSON', '{"resourceType":"Task"}'],
    ['depth', `<Task ${FHIR}>${'<extension url="u">'.repeat(100)}${'</extension>'.repeat(100)}</Task>`],
    [
      'lists whose JSON form is too deep',
      `<Task ${FHIR}>${'<extension url="u">'.repeat(30)}${'</extension>'.repeat(30)}</Task>`,
    ],
  ])('is refused: %s', async (_, body) => {
    const { text } = await sendXml('post', '/Task', body).expect(400);
    expect(text).toMatch(/<OperationOutcome .*<code value="structure"\/>/);
    expect(text).not.toContain('root:');
  });

  it('is refused in any encoding but UTF-8', async () => {
    const declared = taskXml().replace('UTF-8', 'ISO-8859-1');
    await sendXml('post', '/Task', declared).expect(415);
    await sendXml('post', '/Task', taskXml(), { 'Content-Type': `${XML}; charset=utf-16` }).expect(415);
    const bytes = Buffer.from(taskXml('<description value="Å"/>'), 'latin1');
    const response = await fetch(`${gateway.url}/Task`, {
      method: 'POST',
      headers: { Authorization: 'Bearer portal', 'Content-Type': XML },
      body: bytes,
    });
    expect(response.status).toBe(400);
  });

  it('is refused when it is too large', async () => {
    const { text } = await sendXml(
      'post',
      '/Task',
      taskXml(`<description value="${'x'.repeat(300_000)}"/>`),
    ).expect(413);
    expect(text).toContain('<code value="too-long"/>');
  });

  it.each(['application/xml', 'text/xml', 'application/fhir+xml; charset=utf-8; fhirVersion=4.0'])(
    'is taken as %s',
    async (type) => {
      await sendXml('post', '/Task', taskXml(), { 'Content-Type': type }).expect(201);
    },
  );
});

describe('the form of an answer', () => {
  it.each([
    ['', undefined, 'json'],
    ['', '*/*', 'json'],
    ['', 'application/fhir+json', 'json'],
    ['', 'application/fhir+xml', 'xml'],
    ['', 'application/xml', 'xml'],
    ['', 'text/xml', 'xml'],
    ['', 'application/fhir+xml; fhirVersion=4.0', 'xml'],
    ['', 'application/fhir+xml;q=0.5, application/fhir+json;q=0.4', 'xml'],
    ['', 'application/fhir+xml;q=0.4, application/fhir+json;q=0.5', 'json'],
    ['', 'application/fhir+xml, application/fhir+json', 'xml'],
    ['', 'application/fhir+json, application/fhir+xml', 'json'],
    ['', 'application/fhir+xml, */*', 'xml'],
    ['', 'application/fhir+json;q=0, */*', 'xml'],
    ['', 'application/*;q=0.5, application/xml', 'xml'],
    ['', 'application/fhir+xml;fhirVersion=5.0, application/fhir+json', 'json'],
    ['', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'xml'],
    ['?_format=xml', 'application/fhir+json', 'xml'],
    ['?_format=json', 'application/fhir+xml', 'json'],
    ['?_format=text/xml', undefined, 'xml'],
    ['?_format=application/fhir%2Bxml', undefined, 'xml'],
    ['?_format=application/fhir+xml', undefined, 'xml'],
    ['?_format=application/json', 'text/html', 'json'],
  ])('to /metadata%s with Accept %s is %s', async (query, accept, format) => {
    const { headers } = await ask('get', `/metadata${query}`, accept === undefined ? {} : { Accept: accept });
    expect(headers['content-type']).toBe(format === 'xml' ? XML_ANSWER : JSON_ANSWER);
  });

  it('is that of the body when the caller does not say', async () => {
    const { headers } = await ask('post', '/Task', { 'Content-Type': 'text/xml' })
      .send(taskXml())
      .expect(201);
    expect(headers['content-type']).toBe(XML_ANSWER);
  });

  it('of a refusal is what the caller can read', async () => {
    const missing = await ask('get', '/Task/nobody', { Accept: XML }).expect(404);
    expect(missing.text).toContain(`<OperationOutcome ${FHIR}><issue><severity value="error"/>`);
    const stranger = await request(gateway.url).get('/Task/nobody?_format=xml').expect(401);
    expect(stranger.headers['content-type']).toBe(XML_ANSWER);
    const version = await ask('get', '/Task', { Accept: 'application/fhir+xml; fhirVersion=3.0' }).expect(
      406,
    );
    expect(version.text).toContain('This server speaks FHIR 4.0 only.');
    expect(version.headers['content-type']).toBe(XML_ANSWER);
    const type = await ask('post', '/Task', { Accept: XML, 'Content-Type': 'text/turtle' })
      .send('x')
      .expect(415);
    expect(type.text).toContain('<code value="not-supported"/>');
    const pretty = await ask('get', '/Task/nobody?_pretty=true', { Accept: XML }).expect(404);
    expect(pretty.text).toContain('\n  <issue>\n');
    const turtle = await ask('get', '/Task?_format=ttl').expect(406);
    expect(turtle.headers['content-type']).toBe(JSON_ANSWER);
  });

  it('refuses in JSON, too, what XML cannot hold', async () => {
    const div = (content: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>`;
    const refused = async (more: object) => {
      const { status, body } = await ask('post', '/Task').send({ ...task(AINO, more) });
      return [status, body.issue[0].expression, body.issue[0].diagnostics];
    };
    expect(await refused({ description: 'bell \u0007' })).toEqual([
      422,
      ['Task.description'],
      'description must not contain the character U+0007.',
    ]);
    expect(await refused({ text: { status: 'generated', div: div('a & b') } })).toEqual([
      422,
      ['Task.text.div'],
      'div holds an & that begins no character reference or entity of XML.',
    ]);
    const more = { text: { status: 'generated', div: div('a &#160;&amp; b') }, description: 'a\tb\nc' };
    const { body } = await ask('post', '/Task')
      .send({ ...task(AINO, more) })
      .expect(201);
    await ask('get', `/Task/${body.id}`, { Accept: XML }).expect(200);
  });

  it('refuses 1.0 where an integer belongs, as JSON and as XML', async () => {
    const list = { resourceType: 'Observation', status: 'final', code: { text: 'x' } };
    const json = JSON.stringify(list).replace(/}$/, ',"valueInteger":1.0}');
    const inJson = await ask('post', '/Observation', { 'Content-Type': 'application/fhir+json' }).send(json);
    const inXml = await sendXml(
      'post',
      '/Observation',
      `<Observation ${FHIR}><status value="final"/><code><text value="x"/></code><valueInteger value="1.0"/></Observation>`,
      { Accept: 'application/fhir+json' },
    );
    expect([inJson.status, inJson.body.issue[0].expression]).toEqual([422, ['Observation.value']]);
    expect(inXml.status).toBe(400);
  });
});
