import { readFile } from 'node:fs/promises';
import type { Resource } from '../../src/resource.ts';

export const BDI = JSON.parse(
  await readFile(new URL('../../profiles/questionnaires/bdi-shell.json', import.meta.url), 'utf8'),
) as Resource;

const ANSWERS = 'https://silta.example/fhir/CodeSystem/bdi-answer';

/** The 21 answers of the BDI shell with the given scores. */
export function bdiItems(scores: readonly number[]): object[] {
  return scores.map((score, index) => ({
    linkId: `bdi-${index + 1}`,
    answer: [{ valueCoding: { system: ANSWERS, code: String(score) } }],
  }));
}

export function response(status: string, item: readonly unknown[]): Resource {
  return { resourceType: 'QuestionnaireResponse', id: 'r1', status, authored: '2026-03-04T05:06:07Z', item };
}

/** An item with an SDC expression, FHIRPath. */
export function calculated(linkId: string, type: string, expression: string, more: object = {}): object {
  return {
    linkId,
    type,
    readOnly: true,
    extension: [
      {
        url: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression',
        valueExpression: { language: 'text/fhirpath', expression },
      },
    ],
    ...more,
  };
}

export function form(...item: object[]): Resource {
  return { resourceType: 'Questionnaire', status: 'active', item };
}
