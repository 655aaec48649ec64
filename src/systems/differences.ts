/** How two JSON values differ, element by element; the order of properties does not matter, that of lists does. */

export interface Difference {
  /** Path of the element, e.g. `ServiceRequestTextCollection[0].Text`; empty for the whole. */
  readonly path: string;
  /** Absent when the element should not be there. */
  readonly expected?: unknown;
  /** Absent when the element is missing. */
  readonly actual?: unknown;
}

/** Every difference, in the order of the expected value, then what is there too much. */
export function findDifferences(expected: unknown, actual: unknown, path = ''): readonly Difference[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    return Array.from({ length }, (_, index) =>
      findDifferences(expected[index], actual[index], `${path}[${index}]`),
    ).flat();
  }
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...names].flatMap((name) =>
      findDifferences(expected[name], actual[name], path === '' ? name : `${path}.${name}`),
    );
  }
  if (Object.is(expected, actual)) return [];
  return [{ path, ...(expected !== undefined && { expected }), ...(actual !== undefined && { actual }) }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
