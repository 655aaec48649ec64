/**
 * The shape of a document that the stand-in takes, property by property: the same that
 * `mappings/lifecare/document.logical.json` describes. The real interface is not public; a tenant configures its own.
 */

type Rule =
  | {
      readonly kind: 'string';
      readonly optional?: true;
      readonly pattern?: RegExp;
      readonly maxLength?: number;
    }
  | { readonly kind: 'number'; readonly optional?: true }
  | { readonly kind: 'boolean'; readonly optional?: true }
  | { readonly kind: 'list'; readonly optional?: true; readonly of: Rule }
  | {
      readonly kind: 'object';
      readonly optional?: true;
      readonly properties: Readonly<Record<string, Rule>>;
    };

const TEXT = { kind: 'string', maxLength: 20_000 } as const;
const OPTIONAL_TEXT = { ...TEXT, optional: true } as const;
const OPTIONAL_NUMBER = { kind: 'number', optional: true } as const;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const HETU = /^(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d{2}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]$/;

const DOCUMENT: Rule = {
  kind: 'object',
  properties: {
    documentType: { kind: 'string', pattern: /^questionnaire-answer$/ },
    source: { kind: 'object', properties: { id: TEXT, version: OPTIONAL_TEXT } },
    patient: {
      kind: 'object',
      properties: {
        personalId: { kind: 'string', pattern: HETU },
        familyName: OPTIONAL_TEXT,
        givenNames: OPTIONAL_TEXT,
        nonDisclosure: { kind: 'boolean', optional: true },
      },
    },
    form: {
      kind: 'object',
      properties: { code: TEXT, canonical: TEXT, title: OPTIONAL_TEXT, version: OPTIONAL_TEXT },
    },
    completed: { kind: 'string', pattern: INSTANT },
    language: { kind: 'string', pattern: /^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, optional: true },
    author: { kind: 'object', optional: true, properties: { reference: OPTIONAL_TEXT, name: OPTIONAL_TEXT } },
    answers: {
      kind: 'list',
      optional: true,
      of: {
        kind: 'object',
        properties: {
          id: TEXT,
          question: OPTIONAL_TEXT,
          answer: TEXT,
          value: OPTIONAL_TEXT,
          score: OPTIONAL_NUMBER,
        },
      },
    },
    total: { kind: 'object', optional: true, properties: { value: { kind: 'number' } } },
  },
};

/**
 * Checks a document.
 *
 * @returns what is wrong, naming the property and never its value; undefined when the document is taken
 */
export function refuseDocument(document: unknown): string | undefined {
  return refuse(document, DOCUMENT, 'document');
}

function refuse(value: unknown, rule: Rule, path: string): string | undefined {
  switch (rule.kind) {
    case 'string':
      if (typeof value !== 'string' || value === '') return `${path} is not a string`;
      if (rule.maxLength !== undefined && value.length > rule.maxLength) return `${path} is too long`;
      return rule.pattern && !rule.pattern.test(value) ? `${path} is malformed` : undefined;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : `${path} is not a number`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${path} is not a boolean`;
    case 'list':
      if (!Array.isArray(value)) return `${path} is not a list`;
      return firstProblem(value.map((item, index) => () => refuse(item, rule.of, `${path}[${index}]`)));
    case 'object':
      return refuseObject(value, rule.properties, path);
  }
}

function refuseObject(
  value: unknown,
  properties: Readonly<Record<string, Rule>>,
  path: string,
): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path} is not an object`;
  const entries = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(entries).find((name) => !Object.hasOwn(properties, name));
  if (unknown) return `${path}.${unknown} is unknown`;
  return firstProblem(
    Object.entries(properties).map(([name, rule]) => () => {
      if (!Object.hasOwn(entries, name)) return rule.optional ? undefined : `${path}.${name} is missing`;
      return refuse(entries[name], rule, `${path}.${name}`);
    }),
  );
}

function firstProblem(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem) return problem;
  }
  return undefined;
}
