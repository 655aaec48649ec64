/** What the tests of this folder ask a gateway over HTTP, and what they read from its answers. */
import type { World } from '../gateway/world.ts';

export const CANONICAL = 'https://silta.example/fhir';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface Asked {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request to the gateway, redirects not followed. A string or bytes are sent as they are, anything else as JSON. */
export async function ask(world: World, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { token, body, headers } = asked;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(`${world.gatewayUrl}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/fhir+json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
  };
}

/** An answered mood self-assessment of a patient. */
export function moodAnswer(patient: string, more: object = {}): Record<string, unknown> {
  const choice = (linkId: string, code: string) => ({
    linkId,
    answer: [{ valueCoding: { system: `${CANONICAL}/CodeSystem/mood-answer`, code } }],
  });
  return {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${CANONICAL}/Questionnaire/mood-self-assessment|1.0.0`,
    subject: { reference: `Patient/${patient}` },
    item: [
      choice('mood', 'low'),
      choice('sleep', 'sleep-mostly-badly'),
      choice('coping', 'coping-hardly'),
      choice('contact', 'need-help-soon'),
    ],
    ...more,
  };
}
