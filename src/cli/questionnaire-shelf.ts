/** Questionnaires at hand, by canonical. */
import type { Resource } from '../resource.ts';

export interface QuestionnaireShelf {
  add(questionnaire: Resource): void;
  /** Adds one that goes before all others of its canonical. */
  prefer(questionnaire: Resource): void;
  /** With `|version` that version, else the one that was added last. */
  find(canonical: string): Resource | undefined;
}

export function createQuestionnaireShelf(content: readonly Resource[]): QuestionnaireShelf {
  const all = content.filter(({ resourceType }) => resourceType === 'Questionnaire');
  const preferred: Resource[] = [];
  return {
    add: (questionnaire) => void all.unshift(questionnaire),
    prefer: (questionnaire) => void preferred.unshift(questionnaire),
    find: (canonical) => {
      const [url, version] = canonical.split('|');
      const fits = (each: Resource) =>
        each['url'] === url && (version === undefined || each['version'] === version);
      return preferred.find(fits) ?? all.find(fits);
    },
  };
}
