import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { loadDefinitions, type SearchType } from '../../src/definitions/index.ts';
import { describeSupport, R4_MODIFIERS, supportedFeatures } from '../../src/rest/index.ts';
import { searchModifiers } from '../../src/store/index.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const PAGE = 'docs/fhir-support.md';
/** Set to write the page anew. */
const WRITE = process.env['SILTA_WRITE_SUPPORT'] === 'yes';

const at = (folder: string, name: string) => (test: string) => ({
  file: `test/${folder}/${name}.test.ts`,
  test,
});
const interactions = at('rest', 'interactions');
const conditional = at('rest', 'conditional');
const patch = at('rest', 'patch');
const history = at('rest', 'history');
const operations = at('rest', 'operations');
const bundles = at('rest', 'bundles');
const bulk = at('rest', 'bulk-export');
const transform = at('rest', 'transform');
const answers = at('rest', 'search-answers');
const search = at('store', 'search');
const beyond = at('store', 'search-modifiers');
const includes = at('rest', 'search-includes');

const codes = (name: string, test: string) => at('rest/codes', name)(test);

/** An operation of a type and of its instances, by GET and by POST. */
const eachWay = (type: string, operation: string, proof: { readonly file: string; readonly test: string }) =>
  Object.fromEntries(
    ['GET', 'POST'].flatMap((method) =>
      ['', '[id]/'].map((id) => [`${method} ${type}/${id}${operation}`, proof]),
    ),
  );

/** What is supported → a text that stands in the test that proves it. */
const PROOFS = new Map(
  Object.entries({
    'GET [type]': interactions('pages through everything once, by links that show nothing'),
    'POST [type]/_search': interactions(
      'keeps identifying values out of every link, and takes them in a POST',
    ),
    'POST [type]': interactions(
      'answers where and which version the resource is, and serves the stored text untouched',
    ),
    'PUT [type]?criteria': conditional('creates what nothing matches, and from then on replaces it'),
    'DELETE [type]?criteria': conditional('deletes the one match, and is content with none'),
    'PATCH [type]?criteria': patch('changes the one match, and refuses none and several'),
    'GET [type]/[id]': interactions('leaves an audit row for a read, with ids only, before it answers'),
    'PUT [type]/[id]': interactions('replaces the version the caller saw, and no other'),
    'PATCH [type]/[id]': patch('changes what it names and goes the way of every write'),
    'DELETE [type]/[id]': interactions('deletes for good to readers, while the versions stay'),
    'GET [type]/[id]/_history': history('begins where it is asked to, and knows what was current when'),
    'GET [type]/[id]/_history/[versionId]': interactions(
      'deletes for good to readers, while the versions stay',
    ),
    'GET [type]/_history': history('holds every version, deletions too, newest first, page by page'),
    'GET _history': history('holds versions of all types that the caller may read'),
    'POST [type]/$validate': interactions('gives the findings of a write and stores nothing'),
    'GET Patient/[id]/$everything': operations('shows the compartment and what it refers to, page by page'),
    'GET CarePlan/[id]/$everything': operations(
      'shows the plan, its Tasks and their answers, and nothing beside',
    ),
    'POST [type]/[id]/$validate': operations('judges what is stored, and what would replace it'),
    'GET [type]/[id]/$validate': operations('judges what is stored, and what would replace it'),
    'GET Patient/$everything': operations('is for a citizen everything of their own without an id'),
    'POST Patient/$everything': operations('is for a citizen everything of their own without an id'),
    'POST Patient/[id]/$everything': operations('shows the care of a time, and what says no time'),
    'GET [type]/$meta': operations('of a type or of everything tells what the caller may see'),
    'GET $meta': operations('of a type or of everything tells what the caller may see'),
    'GET [type]/[id]/$meta': operations('is shown, added to and taken from, each in a new version'),
    'POST [type]/[id]/$meta-add': operations('gives nobody another sector, another label or what is hidden'),
    'POST [type]/[id]/$meta-delete': operations('is shown, added to and taken from, each in a new version'),
    'GET $export': bulk('holds every resource that a search shows, in files of a bounded number of lines'),
    'POST $export': bulk('takes its parameters by POST too, with patients and a group'),
    'GET Patient/$export': bulk('of patients holds their compartments only'),
    'POST Patient/$export': bulk('takes its parameters by POST too, with patients and a group'),
    'GET Group/[id]/$export': bulk('and of a group those of its present members'),
    'POST Group/[id]/$export': bulk('takes its parameters by POST too, with patients and a group'),
    'GET _export/[id]': bulk('alone sees the export and its files'),
    'DELETE _export/[id]': bulk('stops where it is when it is cancelled, and leaves nothing'),
    'GET _export/[id]/[file]': bulk('sends its files packed to who takes them packed'),
    ...eachWay('ValueSet', '$expand', codes('expand', 'is the same by address, by URL and version, by POST')),
    ...eachWay(
      'ValueSet',
      '$validate-code',
      codes('validate-code', 'takes a Coding, or a CodeableConcept of which one coding must hold'),
    ),
    ...eachWay(
      'CodeSystem',
      '$validate-code',
      codes('validate-code', 'takes a Coding, the system in the body, and the system of the address'),
    ),
    'GET CodeSystem/$lookup': codes(
      'validate-code',
      'tells the name, the names in other languages, and the properties',
    ),
    'POST CodeSystem/$lookup': codes(
      'validate-code',
      'knows the built-in systems, and takes a Coding from a client that others wrote',
    ),
    ...eachWay(
      'CodeSystem',
      '$subsumes',
      codes('validate-code', 'is asked of a stored system by its address, and refuses what it cannot answer'),
    ),
    ...eachWay(
      'ConceptMap',
      '$translate',
      codes('translate', 'finds the map by address, by version, in the body, by its value sets'),
    ),
    'GET metadata': interactions('are told to anyone, and are true to the search parameters'),
    'POST / (transaction)': bundles('deletes, creates, updates and reads in that order'),
    'POST / (batch)': bundles('lets each entry stand or fail alone'),
    'JSON and XML (`Accept`, `Content-Type`, `_format`, `_pretty`)': {
      file: 'test/rest/xml.test.ts',
      test: 'goes in and comes out as XML',
    },
    'StructureMap as FHIR Mapping Language (`text/fhir-mapping`)': transform(
      'goes in as text and comes out as StructureMap',
    ),
    'POST StructureMap/$transform': transform(
      'runs a map of the request with supporting maps and models, and traces it',
    ),
    'POST StructureMap/[id]/$transform': transform('runs a stored map by its url, by its address'),
    'decimals with their digits': {
      file: 'test/rest/exact-numbers.test.ts',
      test: 'keeps every digit from request to answer, in JSON and in XML',
    },
    'If-Match': interactions('lets one of many updates with the same If-Match through'),
    'If-None-Match, If-Modified-Since': conditional(
      'says 304 without a body to who has the version, and shows a newer one',
    ),
    'If-None-Exist': interactions('creates once, however many ask at once'),
    'Idempotency-Key': at('rest', 'idempotency')('is answered as the first time and creates nothing more'),
    'Prefer: return=': interactions('returns as much as Prefer asks'),
    'Prefer: handling=': answers('is refused, unless the caller prefers otherwise'),
    'Update as create (when configured)': conditional(
      'takes an id of the client where that is allowed, and none that is in use',
    ),
    'Subscription by rest-hook': at(
      'gateway',
      'subscriptions',
    )('becomes active, and posts nothing but that something matches'),
    'search by token': search('Task?status=http://hl7.org/fhir/task-status|requested'),
    'search by string': search('Patient?family=makela'),
    'search by date': search('Task?authored-on=ge2026-02-03'),
    'search by reference': search('Task?subject=Patient/aino,Patient/eino'),
    'search by uri': search('Questionnaire?url=https://x.example/Questionnaire/bdi'),
    'search by number': search('RiskAssessment?probability=gt0.75'),
    'search by quantity': search('Observation?value-quantity=5.4|http://unitsofmeasure.org|mg'),
    'GET ?_type=': includes('finds what matches of each, page by page'),
    'POST _search': includes('finds what matches of each, page by page'),
    'search by composite': beyond('Observation?code-value-quantity=15074-8$gt7'),
    'chains by canonical (`questionnaire.title`)': beyond('QuestionnaireResponse?questionnaire.title=kysely'),
    '`_text`, `_content`': beyond('Observation?_text=(matala OR korkea) päänsärky'),
    '`_list`': beyond('Observation?_list=mine'),
    '`_include=*`, `_revinclude=*`': includes('follow every reference when asked for all'),
    '`_include:iterate`, `_revinclude:iterate`': includes(
      'go one step, and with :iterate as far as references lead',
    ),
    'chains (`subject:Patient.name`)': search('Task?based-on:Task.patient.given=aino'),
    '`_has`': search('Patient?_has:Task:patient:status=accepted'),
    '`_summary`, `_elements`': answers('are chosen by _summary and marked'),
    '`_sort`': search('Patient?_sort=family,-given'),
    '`_count`': at('store', 'paging')('visits each match once while others write'),
    '`_total`': answers('is told as asked, and for free when the page shows everything'),
    '`_include`': search('Task?_include=Task:subject:Patient&status=accepted'),
    '`_revinclude`': search('Patient?_revinclude=Task:patient&_id=aino'),
  }),
);

/** One parameter of each type, with a value that it takes. */
const SAMPLES: Readonly<Record<SearchType, readonly [parameter: string, value: string]>> = {
  token: ['Task?status', 'requested'],
  string: ['Patient?family', 'x'],
  date: ['Task?authored-on', '2026'],
  reference: ['Task?subject', 'aino'],
  uri: ['Questionnaire?url', 'urn:x'],
  number: ['RiskAssessment?probability', '1'],
  quantity: ['Observation?value-quantity', '1'],
  composite: ['Observation?code-value-quantity', 'x$1'],
  special: ['Location?near', '60|25'],
};

/** Values of modifiers that take others than a plain parameter. */
const MODIFIED: Readonly<Record<string, string>> = {
  missing: 'true',
  'of-type': 'urn:types|MR|1',
  in: 'http://hl7.org/fhir/ValueSet/task-status',
  'not-in': 'http://hl7.org/fhir/ValueSet/task-status',
  'token above': 'http://hl7.org/fhir/task-status|requested',
  'token below': 'http://hl7.org/fhir/task-status|requested',
  'reference above': 'urn:x|1.2',
  'reference below': 'urn:x|1.2',
};

describe('the page on what is supported', () => {
  it('is what the code says', async () => {
    const page = describeSupport(await loadDefinitions({ profiles: 'profiles' }), PROOFS);
    if (WRITE) await writeFile(PAGE, page);
    expect(await readFile(PAGE, 'utf8')).toBe(page);
  });

  it('names tests that are there, and nothing that is not supported', async () => {
    expect([...PROOFS.keys()].sort()).toEqual([...supportedFeatures()].sort());
    for (const { file, test } of PROOFS.values()) expect(await readFile(file, 'utf8')).toContain(test);
  });
});

describe('a modifier', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  const kinds = Object.keys(R4_MODIFIERS) as SearchType[];
  it.each(
    kinds.flatMap((kind) =>
      ['', ...R4_MODIFIERS[kind]].map((modifier) => {
        const supported = searchModifiers(kind);
        const answered = modifier === '' ? supported !== undefined : supported?.includes(modifier);
        return [kind, modifier, answered ? 200 : 400] as const;
      }),
    ),
  )('of a %s parameter: %s is answered with %i', async (kind, modifier, status) => {
    const [parameter, value] = SAMPLES[kind];
    const named = modifier.replace('[type]', 'Patient');
    const given = MODIFIED[`${kind} ${modifier}`] ?? MODIFIED[modifier] ?? value;
    const path = `/${parameter}${named && `:${named}`}=${encodeURIComponent(given)}`;
    await request(gateway.url).get(path).set('Authorization', 'Bearer portal').expect(status);
  });
});
