import type { Bundle, QuestionnaireResponse } from 'fhir/r4';
import { Client } from 'fhir-kit-client';
import { BDI, type Cast, expect } from './cast.ts';

/** SMART Backend Services (private_key_jwt, ES384), then search and paging with `fhir-kit-client`. */
export async function pullAnswers(cast: Cast): Promise<string> {
  const token = await cast.users.token('record');
  const client = new Client({ baseUrl: cast.users.fhirBase, bearerToken: token });
  const found: QuestionnaireResponse[] = [];
  let pages = 0;
  let page: Bundle | undefined = (await client.search({
    resourceType: 'QuestionnaireResponse',
    searchParams: { questionnaire: BDI, _lastUpdated: `gt${cast.began.toISOString()}`, _count: 1 },
  })) as unknown as Bundle;
  while (page) {
    pages += 1;
    found.push(...(page.entry ?? []).map((entry) => entry.resource as QuestionnaireResponse));
    page = (await client.nextPage({ bundle: page as never })) as unknown as Bundle | undefined;
  }
  const ids = found.map(({ id }) => String(id));
  const own = [cast.answers.get('bdi-12'), cast.answers.get('bdi-24')].map(String);
  expect(
    own.every((id) => ids.includes(id)),
    () => `the answers found are ${ids.join(', ')}`,
  );
  expect(new Set(ids).size === ids.length, () => 'an answer came twice');
  const refused = await client.search({ resourceType: 'CarePlan', searchParams: {} }).then(
    () => 200,
    (error: { response?: { status?: number } }) => error.response?.status,
  );
  expect(refused === 403, () => `a search outside the scopes answers ${String(refused)}`);
  return `${found.length} answers in ${pages} pages of one; CarePlan is outside the scopes: 403`;
}
