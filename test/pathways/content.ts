import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActivityDefinition, PlanDefinition, Questionnaire } from 'fhir/r4';
import type { Resource } from '../../src/resource.ts';

/** Every content resource under profiles/questionnaires and profiles/pathways, by file. */
export function readContent(): ReadonlyMap<string, Resource> {
  const root = join(import.meta.dirname, '../../profiles');
  const files = ['questionnaires', 'pathways'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name)),
  );
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(join(root, file), 'utf8')) as Resource] as const),
  );
}

const content = [...readContent().values()];

function isCanonicalOf(canonical: string) {
  const [url, version] = canonical.split('|');
  return (one: Resource): boolean =>
    one['url'] === url && (version === undefined || one['version'] === version);
}

export const plans = content.filter(
  ({ resourceType }) => resourceType === 'PlanDefinition',
) as unknown as readonly PlanDefinition[];

export function findActivity(canonical: string): ActivityDefinition | undefined {
  const activities = content.filter(({ resourceType }) => resourceType === 'ActivityDefinition');
  return activities.find(isCanonicalOf(canonical)) as unknown as ActivityDefinition | undefined;
}

export function findQuestionnaire(canonical: string): Questionnaire | undefined {
  const questionnaires = content.filter(({ resourceType }) => resourceType === 'Questionnaire');
  return questionnaires.find(isCanonicalOf(canonical)) as unknown as Questionnaire | undefined;
}
