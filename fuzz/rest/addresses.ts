/** Addresses, parameters and headers that are odd. */
import fc from 'fast-check';
import type { Attack } from './attack.ts';
import { DOOMED, TARGET } from './seeds.ts';

const TYPES = [
  'Task',
  'QuestionnaireResponse',
  'Patient',
  'CarePlan',
  'Questionnaire',
  'Observation',
  'Nope',
];
const NAMES = [
  '_id',
  '_lastUpdated',
  '_count',
  '_sort',
  '_include',
  '_revinclude',
  '_has:Task:patient:status',
  '_has',
  '_elements',
  '_summary',
  '_total',
  '_page',
  '_text',
  '_content',
  '_list',
  '_type',
  '_filter',
  '_format',
  '_pretty',
  '_tag',
  '_profile',
  '_security',
  '_source',
  'status',
  'patient',
  'subject:Patient.name',
  'subject.identifier',
  'code',
  'identifier',
  'authored-on',
  'period',
  'questionnaire',
  'url',
  'value-quantity',
  'code-value-quantity',
  'context-type-value',
  '__proto__',
  'constructor',
  'toString',
  '',
  '.',
  ':',
  'patient:Task:Patient.name',
  `${'subject.'.repeat(40)}name`,
];
const MODIFIERS = [
  '',
  ':exact',
  ':contains',
  ':missing',
  ':not',
  ':in',
  ':not-in',
  ':text',
  ':of-type',
  ':above',
  ':below',
  ':identifier',
  ':Patient',
  ':iterate',
  ':__proto__',
  ':',
];
const VALUES = [
  'gt2026',
  'ap2026-02-30',
  'lt9999-99-99',
  '|',
  '||',
  'a|b|c',
  '\\',
  '\\,',
  ',',
  '$',
  'a$b',
  '$$',
  '-1',
  '0',
  '1e9',
  '1e400',
  'gt1e-400|http://unitsofmeasure.org|mg',
  '*',
  'Task:*',
  '*:*',
  'Patient/../x',
  'http://127.0.0.1/x',
  "'; DROP TABLE resource; --",
  '%',
  '_',
  '\u0000',
  '\ud800',
  'true',
  'null',
  'a'.repeat(5_000),
  '('.repeat(200),
  ','.repeat(2_000),
  '((a+)+)+$',
  '-family,given,-_lastUpdated',
];

const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 20 }));
const parameter = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...NAMES) },
      { weight: 1, arbitrary: fc.string({ maxLength: 10 }) },
    ),
    fc.constantFrom(...MODIFIERS),
    fc.array(value, { minLength: 1, maxLength: 3 }),
  )
  .map(([name, modifier, values]) => `${encode(name + modifier)}=${values.map(encode).join(',')}`);
const query = fc
  .array(parameter, { maxLength: 5 })
  .map((parts) => (parts.length > 0 ? `?${parts.join('&')}` : ''));

/** Encodes what `encodeURIComponent` refuses too. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '\ufffd'));
}

/** Searches by parameters that may exist, with modifiers and values that may fit. */
export const searches: fc.Arbitrary<Attack> = fc
  .record({ type: fc.constantFrom(...TYPES), query, post: fc.boolean() })
  .map(({ type, query: text, post }) =>
    post
      ? {
          method: 'POST',
          path: `/${type}/_search`,
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
          body: Buffer.from(text.slice(1)),
        }
      : { method: 'GET', path: `/${type}${text}`, headers: {} },
  );

const segment = fc.oneof(
  fc.constantFrom(
    ...TYPES,
    '_search',
    '_history',
    '$validate',
    '$everything',
    '$expand',
    '$export',
    '$meta',
    '$nope',
    'metadata',
    '1',
    TARGET,
    '.',
    '..',
    '%00',
    '%ff',
    '%',
    '%2e%2e',
    '__proto__',
    'x'.repeat(3_000),
    'Bundle',
    '',
  ),
  fc.string({ maxLength: 12 }).map(encode),
);

/** Paths of any form under any method. */
export const addresses: fc.Arbitrary<Attack> = fc
  .record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'),
    segments: fc.array(segment, { maxLength: 5 }),
    query,
  })
  .map(({ method, segments, query: text }) => ({
    method,
    path: `/${segments.join('/')}${text}`,
    headers: method === 'GET' || method === 'HEAD' ? {} : { 'Content-Type': 'application/fhir+json' },
    ...(['POST', 'PUT', 'PATCH'].includes(method) && { body: Buffer.from('{}') }),
  }));

const headerText = fc.oneof(
  fc.constantFrom(
    'W/"1"',
    'W/"99999999999999999999"',
    '*',
    'W/"',
    '""',
    'W/"a"',
    'return=minimal',
    'handling=',
    'respond-async',
  ),
  fc.constantFrom(
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'yesterday',
    'text/html;q=0.1',
    'application/fhir+json;q=x',
    '*/*;q=2',
    'identifier=a|b',
  ),
  fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')),
  fc.constant('x'.repeat(6_000)),
);
const header = fc.constantFrom(
  'If-Match',
  'If-None-Match',
  'If-None-Exist',
  'If-Modified-Since',
  'Prefer',
  'Accept',
  'Accept-Language',
  'Idempotency-Key',
  'X-Request-Id',
  'Range',
  'Origin',
  'X-Forwarded-For',
  'Cookie',
);

/** Well-known headers with odd values, on interactions that read them. */
export const headers: fc.Arbitrary<Attack> = fc
  .record({
    headers: fc.dictionary(header, headerText, { minKeys: 1, maxKeys: 4 }),
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE'),
  })
  .map(({ headers: given, method }) => ({
    method,
    path: method === 'POST' ? '/Task' : `/Task/${method === 'DELETE' ? DOOMED : TARGET}`,
    headers: { ...given, ...(method !== 'GET' && { 'Content-Type': 'application/fhir+json' }) },
    ...((method === 'PUT' || method === 'POST') && {
      body: Buffer.from(
        JSON.stringify({
          resourceType: 'Task',
          status: 'requested',
          intent: 'order',
          ...(method === 'PUT' && { id: TARGET }),
        }),
      ),
    }),
  }));
