import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import request from 'supertest';
import { isPlainNumber, parseExactly, parseStored, stringifyExactly } from '../../src/exact-json.ts';
import { AINO, startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const JSON_TYPE = 'application/fhir+json';
const XML_TYPE = 'application/fhir+xml';
const as = (type: string) => ({ Authorization: 'Bearer portal', 'Content-Type': type, Accept: type });

/** An Observation's text with a value of just these digits. */
const observation = (value: string, more = '') =>
  `{"resourceType":"Observation","status":"final","code":{"text":"mass"},"subject":{"reference":"Patient/${AINO}"},` +
  `"valueQuantity":{"value":${value},"unit":"kg"}${more}}`;

async function send(method: 'post' | 'put' | 'patch', path: string, body: string, type = JSON_TYPE) {
  const { text, status } = await request(gateway.url)[method](path).set(as(type)).send(body);
  return { text, status, id: /"id":"([^"]+)"|<id value="([^"]+)"/.exec(text)?.slice(1).find(Boolean) ?? '' };
}

async function read(path: string, type = JSON_TYPE): Promise<string> {
  const { text } = await request(gateway.url).get(path).set(as(type)).expect(200);
  return text;
}

const LITERALS = [
  '1.00',
  '0.10',
  '-0.0',
  '1e2',
  '1.0E-7',
  '0.0000001',
  '123456789012345678901234567890.123456789012345678901234567890',
  '0.1000000000000000055511151231257827',
];

describe('decimals', () => {
  it.each(LITERALS)('keeps every digit from request to answer, in JSON and in XML: %s', async (literal) => {
    const created = await send('post', '/Observation', observation(literal));
    expect(created.status).toBe(201);
    expect(created.text).toContain(`"value":${literal},`);
    const path = `/Observation/${created.id}`;
    expect(await read(path)).toContain(`"value":${literal},`);
    expect(await read(`${path}?_pretty=true`)).toContain(`"value": ${literal},`);
    expect(await read(`${path}/_history/1`)).toContain(`"value":${literal},`);
    expect(await read(`/Observation?_id=${created.id}`)).toContain(`"value":${literal},`);
    expect(await read(`${path}?_elements=value`)).toContain(`"value":${literal},`);
    const xml = await read(path, XML_TYPE);
    expect(xml).toContain(`<value value="${literal}"/>`);
    const again = await send('post', '/Observation', xml, XML_TYPE);
    expect(await read(`/Observation/${again.id}`)).toContain(`"value":${literal},`);
  });

  it('keeps them where a patch touches something else, and where it brings, moves and copies them', async () => {
    const components =
      ',"component":[{"code":{"text":"a"},"valueQuantity":{"value":2.50}},{"code":{"text":"b"}}]';
    const { id } = await send('post', '/Observation', observation('1.00', components));
    const operations = `[
      {"op":"test","path":"/valueQuantity/value","value":1.0},
      {"op":"test","path":"/valueQuantity","value":{"unit":"kg","value":1}},
      {"op":"replace","path":"/status","value":"amended"},
      {"op":"add","path":"/referenceRange","value":[{"low":{"value":0.50}}]},
      {"op":"copy","from":"/component/0/valueQuantity","path":"/component/1/valueQuantity"},
      {"op":"move","from":"/component/1","path":"/component/0"}]`;
    const patched = await request(gateway.url)
      .patch(`/Observation/${id}`)
      .set({ ...as(JSON_TYPE), 'Content-Type': 'application/json-patch+json' })
      .send(operations);
    expect(patched.text).toContain('"status":"amended"');
    expect(patched.text).toContain('"valueQuantity":{"value":1.00,"unit":"kg"}');
    expect(patched.text).toContain('"low":{"value":0.50}');
    expect(patched.text.match(/"value":2\.50/g)).toHaveLength(2);
  });

  it('keeps them through a FHIRPath Patch in XML', async () => {
    const { id } = await send('post', '/Observation', observation('1.00'));
    const part = (name: string, value: string) => `<part><name value="${name}"/><value${value}/></part>`;
    const patch = `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>
      ${part('type', 'Code value="add"')}${part('path', 'String value="Observation.value.where(value = 1.0)"')}
      ${part('name', 'String value="comparator"')}${part('value', 'Code value="&lt;"')}</parameter>
      <parameter><name value="operation"/>${part('type', 'Code value="add"')}
      ${part('path', 'String value="Observation"')}${part('name', 'String value="extension"')}
      <part><name value="value"/><part><name value="url"/><valueUri value="urn:x"/></part>
      <part><name value="value"/><valueDecimal value="7.70"/></part></part></parameter></Parameters>`;
    const patched = await send('patch', `/Observation/${id}`, patch, XML_TYPE);
    expect([patched.status, patched.text]).toEqual([200, expect.any(String)]);
    const stored = await read(`/Observation/${id}`);
    expect(stored).toContain('"valueQuantity":{"value":1.00,"unit":"kg","comparator":"<"}');
    expect(stored).toContain('"valueDecimal":7.70');
  });

  it('keeps them through a transaction that rewrites references', async () => {
    const entry = (body: string) =>
      `{"fullUrl":"urn:uuid:0e0c5ec4-17e5-4a0a-9a5c-9d6f1a5b1f01","resource":${body},"request":{"method":"POST","url":"Observation"}}`;
    const second = observation(
      '3.30',
      ',"hasMember":[{"reference":"urn:uuid:0e0c5ec4-17e5-4a0a-9a5c-9d6f1a5b1f01"}]',
    );
    const bundle = `{"resourceType":"Bundle","type":"transaction","entry":[${entry(observation('2.20'))},
      {"resource":${second},"request":{"method":"POST","url":"Observation"}}]}`;
    const { text } = await request(gateway.url)
      .post('/')
      .set({ ...as(JSON_TYPE), Prefer: 'return=representation' })
      .send(bundle)
      .expect(200);
    expect(text).toContain('"value":2.20,');
    expect(text).toContain('"value":3.30,');
    expect(text).not.toContain('"reference":"urn:uuid');
  });

  it('refuses a number that no column holds, without repeating it', async () => {
    const { status, text } = await send('post', '/Observation', observation(`1.${'1'.repeat(2000)}`));
    expect(status).toBe(400);
    expect(text).toContain('a number out of range');
    expect(text).not.toContain('1111');
  });

  it('finds a value by all of its digits', async () => {
    await send('post', '/Observation', observation('98765432109876543.25'));
    const between = (low: string, high: string) =>
      read(`/Observation?value-quantity=gt${low}&value-quantity=lt${high}&_summary=count`);
    expect(await between('98765432109876543.24', '98765432109876543.26')).toContain('"total":1');
    expect(await between('98765432109876543.26', '98765432109876543.28')).toContain('"total":0');
  });
});

describe('exact JSON', () => {
  const literal = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.oneof(fc.nat().map(String), fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String)),
      fc.option(fc.stringMatching(/^\d{1,25}$/), { nil: undefined }),
      fc.constantFrom('', 'e0', 'E5', 'e-3', 'e+12'),
    )
    .map(
      ([sign, whole, fraction, power]) =>
        `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${power}`,
    );

  it('writes what it read, whatever the numbers and texts', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        literal,
        fc.string({ unit: 'binary' }).map((each) => JSON.stringify(each.replaceAll('\0', ''))),
        fc.array(tie('tree') as fc.Arbitrary<string>).map((items) => `[${items.join(',')}]`),
        fc
          .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z"]{1,3}x$/), tie('tree') as fc.Arbitrary<string>), {
            selector: ([name]) => name,
          })
          .map(
            (members) => `{${members.map(([name, each]) => `${JSON.stringify(name)}:${each}`).join(',')}}`,
          ),
      ),
    }));
    fc.assert(
      fc.property(tree as fc.Arbitrary<string>, (inner) => {
        const text = `{"a":${inner},"b":[${inner}]}`;
        expect(stringifyExactly(parseExactly(text) as object)).toBe(text);
        expect(stringifyExactly(parseStored(text) as object)).toBe(text);
      }),
    );
  });

  it('leaves objects without such numbers as the platform makes them', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false } as object), (text) => {
        fc.pre(!text.includes('\\u0000'));
        const plain = JSON.parse(text) as unknown;
        fc.pre((text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/-?\d[\d.eE+-]*/g) ?? []).every(isPlainNumber));
        expect(parseExactly(text)).toStrictEqual(plain);
      }),
    );
  });

  it('does not believe a note whose number was changed', () => {
    const value = parseExactly('{"value":1.00,"unit":"kg"}') as { value: number; unit: string };
    expect(stringifyExactly({ ...value, value: 2 })).toBe('{"value":2,"unit":"kg"}');
    expect(stringifyExactly({ ...value, unit: 'g' })).toBe('{"value":1.00,"unit":"g"}');
  });

  it('reads large texts', () => {
    const text = `{"data":"${'QUJD\\"'.repeat(1_000_000)}","value":1.0}`;
    expect(stringifyExactly(parseExactly(text) as object)).toBe(text);
  });
});
