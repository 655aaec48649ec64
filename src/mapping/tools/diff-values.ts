/** One difference between what a map should give and what it gave. */
export interface Difference {
  /** Path below the result, e.g. `Lines[0].Text`; empty for the result itself. */
  readonly path: string;
  /** What is there only on the one side is `undefined` on the other. */
  readonly expected: unknown;
  readonly actual: unknown;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function collect(expected: unknown, actual: unknown, path: string, found: Difference[]): void {
  if (Object.is(expected, actual)) return;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    for (let index = 0; index < Math.max(expected.length, actual.length); index += 1)
      collect(expected[index], actual[index], join(path, index), found);
  } else if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)]))
      collect(expected[key], actual[key], join(path, key), found);
  } else found.push({ path, expected, actual });
}

/**
 * Compares two JSON values by meaning: the order of an object's properties plays no part, the order of a list does.
 *
 * @returns the differences with their paths, none when the values are equal
 */
export function diffValues(expected: unknown, actual: unknown): readonly Difference[] {
  const found: Difference[] = [];
  collect(expected, actual, '', found);
  return found;
}
