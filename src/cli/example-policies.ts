/** What the gateway does otherwise than it was asked on purpose, whatever the example: no fault of either. */
import type { Resource } from '../resource.ts';
import { SUBSCRIBER } from '../subscription.ts';

/** An error of a refusal. */
export interface Refusal {
  readonly diagnostics: string;
  readonly expression: string;
}

interface Policy {
  readonly element: RegExp;
  readonly text: RegExp;
  readonly why: string;
}

const POLICIES: readonly Policy[] = [
  {
    element: /^QuestionnaireResponse\.questionnaire$/,
    text: /^This questionnaire is not known here/,
    why: 'answers are kept only beside the Questionnaire they are judged by',
  },
  {
    element: /^Subscription\.status$/,
    text: /^A client asks for a Subscription with 'requested'/,
    why: 'the server sets the status of a Subscription',
  },
  {
    element: /\.modifierExtension\[\d+\]$/,
    text: / is not known here, and it may change the meaning/,
    why: 'what an unknown modifier extension changes cannot be guessed',
  },
];

/** @returns why an example is refused on purpose; undefined when one of the errors is another one */
export function explainRefusal(errors: readonly Refusal[]): readonly string[] | undefined {
  const found = errors.map(({ expression, diagnostics }) =>
    POLICIES.find(({ element, text }) => element.test(expression) && text.test(diagnostics)),
  );
  if (found.length === 0 || found.includes(undefined)) return undefined;
  return [...new Set(found.flatMap((policy) => policy?.why ?? []))];
}

export const SET_BY_SERVER =
  'a Subscription shows its headers masked, and status, error and subscriber as the server sets them';

/** A Subscription without what the server masks or sets; anything else as it is. */
export function withoutServerSet<T extends object>(resource: T): T {
  const { resourceType, channel } = resource as Partial<Resource>;
  if (resourceType !== 'Subscription' || typeof channel !== 'object' || channel === null) return resource;
  const { header: _, ...shown } = channel as { header?: unknown };
  const { status: _status, error: _error, extension = [], ...others } = resource as Partial<Resource>;
  const own = (extension as readonly { url?: string }[]).filter(({ url }) => url !== SUBSCRIBER);
  return { ...others, ...(own.length > 0 && { extension: own }), channel: shown } as T;
}
