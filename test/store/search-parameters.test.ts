import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Definitions, loadDefinitions, type SearchParameter } from '../../src/definitions/index.ts';
import { UNSUPPORTED } from '../../src/rest/index.ts';
import { createStore } from '../../src/store/index.ts';
import { endTypes } from '../../src/store/index-path.ts';
import { BY_GATEWAY, EVERYTHING, openStoreFixture, type StoreFixture } from './store-fixture.ts';

const HANDLED =
  `Questionnaire QuestionnaireResponse CarePlan Task Patient RelatedPerson Practitioner PractitionerRole
  Organization HealthcareService CareTeam Consent Goal Communication CommunicationRequest ServiceRequest Appointment
  Observation Encounter EpisodeOfCare DocumentReference Binary List Group PlanDefinition ActivityDefinition Library
  StructureMap ConceptMap CodeSystem ValueSet StructureDefinition SearchParameter OperationDefinition Endpoint
  Subscription Provenance AuditEvent Flag Device Basic`.split(/\s+/);

const VALUES: Readonly<Record<SearchParameter['type'], string>> = {
  token: 'urn:x|y',
  string: 'x',
  date: 'ge2026',
  reference: 'x',
  uri: 'urn:x',
  number: '1',
  quantity: '1|urn:x|y',
  composite: '',
  special: '',
};

describe('the search parameters of R4', () => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await openStoreFixture();
  });
  afterAll(() => fixture.drop());

  const sampleOf = (parameter: SearchParameter, all: ReadonlyMap<string, SearchParameter>): string => {
    if (parameter.code === '_id') return 'x';
    if (parameter.type !== 'composite') return VALUES[parameter.type];
    const byUrl = new Map([...all.values()].map((each) => [each.url, each]));
    return parameter.components
      .map(({ definition }) => VALUES[byUrl.get(definition)?.type ?? 'token'])
      .join('$');
  };

  it.each(HANDLED)('of %s each find something, or it is said why not', async (type) => {
    const { definitions, store } = fixture;
    const all = definitions.searchParameters(type);
    const searched = new Set(store.searchParameters(type).map(({ code }) => code));
    for (const parameter of all.values()) {
      const { code } = parameter;
      if (!searched.has(code)) {
        expect([code, UNSUPPORTED[code]]).toEqual([code, expect.any(String)]);
        continue;
      }
      const value = sampleOf(parameter, all);
      await expect(
        store.search({ type, parameters: [[code, value]], visibility: EVERYTHING }),
      ).resolves.toMatchObject({ matches: [] });
    }
  });

  it.each(HANDLED)('of %s lead to elements that there are', (type) => {
    const { definitions } = fixture;
    const nowhere = [...definitions.searchParameters(type).values()]
      .filter(({ expression, type: kind }) => expression !== '' && kind !== 'composite')
      .flatMap(({ code, expression }) => expression.split(' | ').map((branch) => ({ code, branch })))
      // Undefined is what the FHIRPath engine evaluates.
      .filter(({ branch }) => endTypes(branch, type, definitions)?.size === 0);
    expect(nowhere).toEqual([]);
  });
});

describe("a deployment's own search parameters", () => {
  let fixture: StoreFixture;
  let profiles: string;
  let definitions: Definitions;
  beforeAll(async () => {
    profiles = await mkdtemp(join(tmpdir(), 'silta-profiles-'));
    const own = (code: string, type: string, expression: string) =>
      writeFile(
        join(profiles, `${code}.json`),
        JSON.stringify({
          resourceType: 'SearchParameter',
          url: `https://county.example/SearchParameter/${code}`,
          name: code,
          status: 'active',
          description: code,
          code,
          base: ['Patient'],
          type,
          expression,
        }),
      );
    await own('language-skill', 'token', "Patient.extension('urn:county:skill').value");
    await own(
      'municipality',
      'string',
      "Patient.extension.where(url = 'urn:county:municipality').value.as(string)",
    );
    await own('contacts', 'number', 'Patient.contact.count()');
    definitions = await loadDefinitions({ profiles });
    fixture = await openStoreFixture();
  });
  afterAll(async () => {
    await rm(profiles, { recursive: true });
    await fixture.drop();
  });

  it('find what their expressions lead to: in extensions, and by what only an engine evaluates', async () => {
    const store = createStore({ database: fixture.database, definitions, clock: () => new Date() });
    const resource = {
      resourceType: 'Patient',
      id: 'aino',
      contact: [{ name: { text: 'Eino' } }, { name: { text: 'Eero' } }],
      extension: [
        { url: 'urn:county:skill', valueCoding: { system: 'urn:languages', code: 'se' } },
        { url: 'urn:county:municipality', valueString: 'Lappeenranta' },
        { url: 'urn:county:other', valueString: 'Imatra' },
      ],
    };
    await store.write([{ kind: 'create', resource }], BY_GATEWAY);
    const find = async (name: string, value: string) =>
      (await store.search({ type: 'Patient', parameters: [[name, value]], visibility: EVERYTHING })).matches
        .length;
    expect(await find('language-skill', 'urn:languages|se')).toBe(1);
    expect(await find('language-skill', 'urn:languages|fi')).toBe(0);
    expect(await find('municipality', 'lappeen')).toBe(1);
    expect(await find('municipality', 'imatra')).toBe(0);
    expect(await find('contacts', '2')).toBe(1);
    expect(await find('contacts', '3')).toBe(0);
  });
});
