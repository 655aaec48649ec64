/** The searches whose plans `docs/performance.md` shows. */
import type { SearchQuery } from '../../src/store/index.ts';
import { CANONICAL, idOf, patient, storedAt } from './samples.ts';

/** What a system of one sector and what a citizen may see. */
const SYSTEM: SearchQuery['visibility'] = { sectors: ['health'] };

/** @param at which of the stored resources to search around */
export function planned(at: number): Readonly<Record<string, SearchQuery>> {
  const subject = `Patient/${idOf('Patient', at)}`;
  return {
    'search-responses': {
      type: 'QuestionnaireResponse',
      parameters: [
        ['questionnaire', CANONICAL],
        ['_lastUpdated', `gt${storedAt(at).toISOString()}`],
        ['_count', '50'],
      ],
      visibility: SYSTEM,
    },
    'search-tasks': {
      type: 'Task',
      parameters: [
        ['patient', subject],
        ['status', 'requested,in-progress'],
        ['_count', '50'],
      ],
      visibility: SYSTEM,
    },
    chain: {
      type: 'QuestionnaireResponse',
      parameters: [
        ['subject:Patient.family', patient(at).name?.[0]?.family ?? ''],
        ['_count', '50'],
      ],
      visibility: SYSTEM,
    },
  };
}
