import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { indentJson } from '../../src/rest/indent-json.ts';
import { parseResource } from '../../src/rest/parse-body.ts';
import { scanJson } from '../../src/rest/scan-json.ts';

const scan = (text: string) => () => scanJson(text, 50);

describe('the strict JSON scanner', () => {
  it.each([
    ['{"a": }', '1:7: expected a JSON value'],
    ['{\n  "a": 1,\n  "b" 2\n}', "3:7: expected ':'"],
    ['{"a":1,}', '1:8: expected a name in double quotes'],
    ['{"a":1 "b":2}', "1:8: expected ',' or '}'"],
    ['[1,2', "1:5: expected ',' or ']' (the text ends here)"],
    ['{"a":"x', '1:6: a string without its closing quote'],
    ['{"a":"x\ny"}', '1:8: a control character must be escaped'],
    ['{"a":"\\x"}', '1:6: a wrong escape sequence'],
    ['{"a":01}', "1:7: expected ',' or '}'"],
    ['{"a":1e999}', '1:6: a number out of range'],
    ['{"a":"\\u0000"}', '1:6: the character U+0000 is not allowed'],
    ['{"a":"\\ud800"}', '1:6: half of a surrogate pair is not allowed'],
    ['{"a":1}{}', '1:8: nothing may follow'],
    ['{"a":1,"b":{"c":1,"c":2}}', '1:19: the same name twice in one object'],
    ['{"a":1,"\\u0061":2}', '1:8: the same name twice in one object'],
    ['{"__proto__":{}}', '1:2: this name is not allowed'],
    ['{"a":{"\\u005f_proto__":{}}}', '1:7: this name is not allowed'],
    ['{"constructor":1}', '1:2: this name is not allowed'],
    ['undefined', '1:1: expected a JSON value'],
    ['', '1:1: expected a JSON value (the text ends here)'],
  ])('refuses %j with its place', (text, message) => {
    expect(scan(text)).toThrow(message);
  });

  it('refuses nesting beyond the limit without exhausting the stack', () => {
    expect(() => scanJson('['.repeat(200_000), 50)).toThrow('1:51: nested more than 50 levels deep');
    expect(() => scanJson(`${'['.repeat(50)}${']'.repeat(50)}`, 50)).not.toThrow();
  });

  it('never repeats what was sent', () => {
    expect(scan('{"identifier": 010190-900P}')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('900') }),
    );
  });

  it('accepts what JSON.stringify writes, and indents it without changing its value', () => {
    const names = fc
      .string()
      .filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name) && !name.includes('\0'));
    const leaves = fc.oneof(
      fc.string().filter((text) => !text.includes('\0')),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, leaves, fc.array(tie('value')), fc.dictionary(names, tie('value'))),
    }));
    fc.assert(
      fc.property(value, (each) => {
        const text = JSON.stringify(each);
        scanJson(text, 50);
        expect(indentJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
      }),
      { numRuns: 300 },
    );
  });

  it('accepts and refuses exactly what JSON.parse does, names and limits aside', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(40), (noise, at) => {
        const base = '{"a":[1,-2.5e3,true,null],"b":{"c":"\\u00e4\\n"}}';
        const text = base.slice(0, at) + noise + base.slice(at);
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        let scans = true;
        try {
          scanJson(text, 50);
        } catch (error) {
          // What is beyond JSON.parse says nothing of the text behind it.
          fc.pre(!/same name|not allowed|out of range/.test(String(error)));
          scans = false;
        }
        expect(scans).toBe(parses);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the digits of a decimal when it indents', () => {
    expect(indentJson('{"value":1.50,"empty":{ },"list":[]}')).toBe(
      '{\n  "value": 1.50,\n  "empty": {},\n  "list": []\n}',
    );
  });
});

describe('a resource body', () => {
  it.each([
    [new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'not valid UTF-8'],
    [new Uint8Array(), 'The body is empty'],
    [Buffer.from('[]'), 'one JSON object'],
    [Buffer.from('"Task"'), 'one JSON object'],
    [Buffer.from('{"resourceType":1}'), "must name its 'resourceType'"],
  ])('is refused when it is no resource: %#', (bytes, message) => {
    expect(() => parseResource(bytes, 50)).toThrow(message);
  });
});
