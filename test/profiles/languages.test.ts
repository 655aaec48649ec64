import { describe, expect, it } from '@jest/globals';
import { readContent } from '../pathways/content.ts';

const TRANSLATION = 'http://hl7.org/fhir/StructureDefinition/translation';
/** Elements that people read. */
const READ = new Set(['title', 'description', 'text', 'display', 'copyright']);
const BOUND = new Set(['http://terminology.hl7.org/CodeSystem/plan-definition-type']);

interface Extension {
  readonly url: string;
  readonly valueCode?: string;
  readonly valueString?: string;
  readonly extension?: readonly Extension[];
}

function languagesOf(element: unknown): readonly string[] {
  const extensions = (element as { extension?: readonly Extension[] } | undefined)?.extension ?? [];
  return extensions
    .filter(
      ({ url, extension }) => url === TRANSLATION && extension?.some((part) => part.valueString?.trim()),
    )
    .map(({ extension }) => extension?.find(({ url }) => url === 'lang')?.valueCode ?? '');
}

/** Paths of texts that are not there in Finnish, Swedish and English. A number needs no translation. */
function findUntranslated(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => findUntranslated(one, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Record<string, unknown>;
  // Displays of HL7's own code systems are HL7's; CodeSystem concepts carry designations instead.
  const isForeign = BOUND.has(String(record['system'])) || 'designation' in record;
  return Object.entries(record).flatMap(([key, inner]) => {
    if (typeof inner !== 'string')
      return key === 'extension' ? [] : findUntranslated(inner, `${path}.${key}`);
    if (!READ.has(key) || isForeign || /^\d+$/.test(inner)) return [];
    const languages = languagesOf(record[`_${key}`]);
    return languages.includes('sv') && languages.includes('en') ? [] : [`${path}.${key}`];
  });
}

describe('the content that citizens and professionals read', () => {
  it.each([...readContent()])('is in Finnish, Swedish and English: %s', (_file, resource) => {
    expect(resource['language']).toBe('fi');
    expect(findUntranslated(resource, resource.resourceType)).toEqual([]);
  });

  it('names every concept of its code systems in Swedish and English, too', () => {
    const systems = [...readContent().values()].filter(({ resourceType }) => resourceType === 'CodeSystem');
    expect(systems.length).toBeGreaterThan(0);
    for (const system of systems) {
      const concepts = system['concept'] as { code: string; designation?: { language: string }[] }[];
      for (const { code, designation } of concepts) {
        expect([code, designation?.map(({ language }) => language)]).toEqual([code, ['sv', 'en']]);
      }
    }
  });

  it('has one canonical, one version and one id for every resource', () => {
    const all = [...readContent().values()];
    const canonicals = all.map((one) => `${String(one['url'])}|${String(one['version'])}`);
    expect(new Set(canonicals).size).toBe(all.length);
    for (const one of all) {
      expect(one['url']).toBe(`https://silta.example/fhir/${one.resourceType}/${one.id}`);
      expect(one['version']).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});
