/**
 * Paths of discriminators: element names, `$this`, `extension('url')`, `resolve()` and `ofType()`.
 *
 * @see https://hl7.org/fhir/R4/profiling.html#discriminator
 */
import { isObject, listOf } from '../json.ts';
import { resolveLocally } from '../structure/bundle-index.ts';
import type { Run } from '../structure/run.ts';

export type PathStep =
  | { readonly kind: 'element'; readonly name: string }
  | { readonly kind: 'extension'; readonly url: string }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'resolve' };

const STEP =
  /^(?:(\$this)|extension\((?:'([^']*)'|"([^"]*)")\)|(resolve)\(\)|(?:ofType|as)\((\w+)\)|([A-Za-z]\w*))(?:\.|$)/;

/** Reads a path; undefined when it is of another form. */
export function readPath(path: string): readonly PathStep[] | undefined {
  const steps: PathStep[] = [];
  let rest = path;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (!match) return undefined;
    const [all, self, single, double, resolve, type, name] = match;
    const url = single ?? double;
    if (url !== undefined) steps.push({ kind: 'extension', url });
    else if (resolve !== undefined) steps.push({ kind: 'resolve' });
    else if (type !== undefined) steps.push({ kind: 'type', type });
    else if (name !== undefined) steps.push({ kind: 'element', name });
    else if (self === undefined) return undefined;
    rest = rest.slice(all.length);
  }
  return steps;
}

/** A value with the FHIR type that its JSON name tells, when that is a choice's. */
export interface Found {
  readonly value: unknown;
  readonly type: string | undefined;
}

/** The values at the end of a path; lists are walked through. */
export function valuesAt(start: Found, steps: readonly PathStep[], run: Run): readonly Found[] {
  let found: readonly Found[] = listOf(start.value).map((value) => ({ value, type: start.type }));
  for (const step of steps) found = found.flatMap((each) => stepInto(each, step, run));
  return found;
}

function stepInto(from: Found, step: PathStep, run: Run): readonly Found[] {
  if (step.kind === 'resolve') {
    const target = resolveLocally(from.value, run);
    return target ? [{ value: target, type: undefined }] : [];
  }
  if (step.kind === 'type') return typeOf(from) === step.type ? [from] : [];
  if (!isObject(from.value)) return [];
  if (step.kind === 'extension') {
    return listOf(from.value['extension']).flatMap((value) =>
      isObject(value) && value['url'] === step.url ? [{ value, type: 'Extension' }] : [],
    );
  }
  const direct = from.value[step.name];
  if (direct !== undefined) return listOf(direct).map((value) => ({ value, type: undefined }));
  return choiceValues(from.value, step.name);
}

function choiceValues(object: Record<string, unknown>, name: string): readonly Found[] {
  const form = new RegExp(`^${name}([A-Z]\\w*)$`);
  return Object.keys(object).flatMap((key) => {
    const type = form.exec(key)?.[1];
    return type === undefined ? [] : listOf(object[key]).map((value) => ({ value, type }));
  });
}

/** The FHIR type of a value as far as it shows, with its first letter as in JSON names. */
export function typeOf({ value, type }: Found): string | undefined {
  const stated = isObject(value) ? value['resourceType'] : undefined;
  return typeof stated === 'string' ? stated : type;
}
