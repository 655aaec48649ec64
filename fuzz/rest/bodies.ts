/** Bodies that are wrong: broken bytes, wrong shapes, endless nesting, huge numbers, keys that pollute prototypes. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Attack, FHIR_JSON, jsonAttack } from './attack.ts';
import { SEEDS, TARGET } from './seeds.ts';

const seed = fc.constantFrom(...SEEDS);
const NASTY_BYTES = [
  0x00, 0xff, 0xc0, 0xc3, 0xed, 0xa0, 0xf5, 0x22, 0x5c, 0x7b, 0x5d, 0x2c, 0xef, 0xbb, 0xbf,
];

/** Valid JSON with some bytes put in, taken out or replaced. */
export const brokenBytes: fc.Arbitrary<Attack> = fc
  .record({
    seed,
    cuts: fc.array(
      fc.record({
        at: fc.nat(10_000),
        remove: fc.nat(30),
        insert: fc.array(fc.oneof(fc.constantFrom(...NASTY_BYTES), fc.nat(255)), { maxLength: 12 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ seed: { type, resource }, cuts }) => {
    let bytes: Uint8Array = Buffer.from(JSON.stringify(resource));
    for (const { at, remove, insert } of cuts) {
      const start = at % bytes.length;
      bytes = Buffer.concat([bytes.subarray(0, start), Buffer.from(insert), bytes.subarray(start + remove)]);
      if (bytes.length === 0) break;
    }
    return { method: 'POST', path: `/${type}`, headers: FHIR_JSON, body: bytes };
  });

const POLLUTING = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
];
const HUGE_NUMBERS = [
  '1e400',
  '-1e400',
  '1e-400',
  '9'.repeat(5_000),
  `0.${'0'.repeat(5_000)}1`,
  '-0',
  '1E+308',
  '9007199254740993',
];

/** JSON text of a value that no element takes. */
const oddValue: fc.Arbitrary<string> = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(...HUGE_NUMBERS),
  fc.constantFrom(...POLLUTING).map((key) => `{"${key}":{"polluted":true,"${key}":[]}}`),
  fc.constantFrom(
    'null',
    '[]',
    '{}',
    '[null]',
    '""',
    '" "',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    'true',
  ),
  fc.integer({ min: 20, max: 60_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc
    .integer({ min: 20, max: 20_000 })
    .map((depth) => `${'{"extension":['.repeat(depth)}${']}'.repeat(depth)}`),
  fc.integer({ min: 1, max: 200_000 }).map((length) => JSON.stringify('ä'.repeat(length))),
);

/** Places in a resource: a list of keys each, found by walking. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, each]) => placesOf(each, [...path, key]))];
}

/** A resource with one value replaced, or one key added, at any place. */
export const oddValues: fc.Arbitrary<Attack> = fc
  .record({
    seed,
    at: fc.nat(10_000),
    value: oddValue,
    key: fc.option(fc.oneof(fc.constantFrom(...POLLUTING), fc.string({ maxLength: 8 }))),
    method: fc.constantFrom('POST', 'PUT', '$validate'),
  })
  .map(({ seed: { type, resource }, at, value, key, method }) => {
    const places = placesOf(resource);
    const place = places[at % places.length] ?? [];
    const text = replaceAt(JSON.stringify(resource), place, value, key);
    if (method === '$validate') return jsonAttack('POST', `/${type}/$validate`, text);
    return jsonAttack(method, method === 'PUT' ? `/${type}/fuzz-1` : `/${type}`, text);
  });

/** Writes a text of JSON in the place of a value: it may be JSON that no object can hold. */
function replaceAt(json: string, place: readonly string[], text: string, key: string | null): string {
  const MARK = '\u0001';
  const copy = JSON.parse(json);
  const last = place.at(-1);
  const holder = place.slice(0, -1).reduce((value, step) => value[step], copy);
  // A list has indexes only.
  const name = Array.isArray(holder) ? last : (key ?? last);
  if (name === undefined) return text;
  Object.defineProperty(holder, name, { value: MARK, enumerable: true, configurable: true, writable: true });
  return JSON.stringify(copy).replace(JSON.stringify(MARK), () => text);
}

const operation = fc.record({
  op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'spy'),
  path: fc.oneof(
    fc.constantFrom(
      '/status',
      '/__proto__/x',
      '/meta/security/0',
      '/item/-1',
      '/-',
      '',
      '/constructor/prototype/x',
      '/id',
    ),
    fc.string({ maxLength: 10 }),
  ),
  from: fc.constantFrom('/status', '/', '', '/__proto__'),
  value: fc.jsonValue({ maxDepth: 2 }),
});

/** JSON Patch and FHIRPath Patch documents, mostly senseless. */
export const patches: fc.Arbitrary<Attack> = fc.oneof(
  fc.array(operation, { maxLength: 5 }).map((operations) =>
    jsonAttack('PATCH', `/Task/${TARGET}`, JSON.stringify(operations), {
      headers: { 'Content-Type': 'application/json-patch+json' },
    }),
  ),
  fc
    .record({
      type: fc.constantFrom('add', 'insert', 'delete', 'replace', 'move', 'spy'),
      path: fc.oneof(
        fc.constantFrom(
          'Task',
          'Task.status',
          'Task.repeat(%resource)',
          'Task.note[1e9]',
          "Task.where('a'.matches('(a+)+$'))",
        ),
        fc.string({ maxLength: 20 }),
      ),
      name: fc.constantFrom('status', '__proto__', ''),
    })
    .map(({ type, path, name }) =>
      jsonAttack(
        'PATCH',
        `/Task/${TARGET}`,
        JSON.stringify({
          resourceType: 'Parameters',
          parameter: [
            {
              name: 'operation',
              part: [
                { name: 'type', valueCode: type },
                { name: 'path', valueString: path },
                { name: 'name', valueString: name },
                { name: 'value', valueCode: 'accepted' },
              ],
            },
          ],
        }),
      ),
    ),
);

const XML_BOMB = `<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa">${Array.from(
  { length: 20 },
  (_, n) => `<!ENTITY a${n} "${`&a${n === 0 ? '' : n - 1};`.repeat(10)}">`,
).join('')}]><Task xmlns="http://hl7.org/fhir"><status value="&a19;"/></Task>`;

/** Right and wrong types of content, encodings that are none, bombs. */
export const encodings: fc.Arbitrary<Attack> = fc
  .record({
    seed,
    type: fc.constantFrom(
      'application/fhir+json; charset=utf-16',
      'application/fhir+xml',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/fhir+json; fhirVersion=9.9',
      '',
    ),
    encoding: fc.constantFrom('gzip', 'br', 'deflate', 'identity', 'zip', 'gzip, gzip'),
    body: fc.constantFrom('seed', 'noise', 'zipped', 'bomb', 'xml', 'empty'),
    noise: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ seed: { type: resourceType, resource }, type, encoding, body, noise }) => {
    const bodies: Record<string, Uint8Array> = {
      seed: Buffer.from(JSON.stringify(resource)),
      noise,
      zipped: gzipSync(JSON.stringify(resource)),
      bomb: ZIP_BOMB,
      xml: Buffer.from(XML_BOMB),
      empty: Buffer.alloc(0),
    };
    return {
      method: 'POST',
      path: `/${resourceType}`,
      headers: { 'Content-Type': type, 'Content-Encoding': encoding },
      body: bodies[body] as Uint8Array,
    };
  });

const ZIP_BOMB = gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20));
