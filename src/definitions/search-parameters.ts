import type { SearchParameter as SearchParameterResource } from 'fhir/r4';
import type { SearchParameter } from './types.ts';

/** A search parameter with the types it is defined for, before it is confined to one. */
export interface SearchParameterData extends SearchParameter {
  readonly bases: readonly string[];
}

/** Types whose parameters every resource type (every domain resource type) has. */
const GENERAL = new Set(['Resource', 'DomainResource']);

/**
 * Reads a SearchParameter.
 * @see https://hl7.org/fhir/R4/searchparameter.html
 */
export function readSearchParameter(resource: SearchParameterResource): SearchParameterData {
  return {
    url: resource.url,
    code: resource.code,
    type: resource.type,
    expression: resource.expression ?? '',
    targets: resource.target ?? [],
    components: (resource.component ?? []).map(({ definition, expression }) => ({ definition, expression })),
    bases: resource.base,
  };
}

/**
 * The parameter as it is for one resource type: of the `|` union only the branches that start at the type.
 * Undefined when the parameter is of other types.
 */
export function confineSearchParameter(
  data: SearchParameterData,
  type: string,
  supertypes: readonly string[],
): SearchParameter | undefined {
  const base = data.bases.find((each) => each === type || (GENERAL.has(each) && supertypes.includes(each)));
  if (!base) return undefined;
  const branches = splitUnion(data.expression).filter((branch) => startOf(branch) === base);
  const { bases: _, ...parameter } = data;
  const expression = branches
    .map((branch) => (base === type ? branch : restart(branch, base, type)))
    .join(' | ');
  return Object.freeze({ ...parameter, expression });
}

/** Splits at each `|` outside parentheses and quotes. */
function splitUnion(expression: string): string[] {
  const branches: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < expression.length; i++) {
    const char = expression[i];
    if (char === "'") quoted = !quoted;
    else if (!quoted && char === '(') depth++;
    else if (!quoted && char === ')') depth--;
    else if (!quoted && char === '|' && depth === 0) {
      branches.push(expression.slice(start, i));
      start = i + 1;
    }
  }
  branches.push(expression.slice(start));
  return branches.map((branch) => branch.trim()).filter((branch) => branch !== '');
}

const startOf = (branch: string): string | undefined => /^[\s(]*([A-Za-z]\w*)/.exec(branch)?.[1];

const restart = (branch: string, base: string, type: string): string =>
  branch.replace(new RegExp(`^([\\s(]*)${base}\\b`), `$1${type}`);
