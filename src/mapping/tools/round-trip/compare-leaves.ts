/** What became of each element of a message on its way there and back. */

/** A path without indexes, `Lines.Text`, to its values with their own paths. */
function collect(
  value: unknown,
  path: string,
  shown: string,
  into: Map<string, readonly [string, unknown]>,
): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) collect(item, `${path}[${index}]`, shown, into);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value))
      collect(item, path === '' ? key : `${path}.${key}`, shown === '' ? key : `${shown}.${key}`, into);
  } else if (value !== undefined) into.set(path, [shown, value]);
}

export interface Leaf {
  /** Path of the element without indexes. */
  readonly element: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Pairs the primitive values of two messages by their places. What is there only on the one side is `undefined` on the
 * other.
 */
export function pairLeaves(before: unknown, after: unknown): readonly Leaf[] {
  const [left, right] = [new Map(), new Map()] as [
    Map<string, readonly [string, unknown]>,
    Map<string, readonly [string, unknown]>,
  ];
  collect(before, '', '', left);
  collect(after, '', '', right);
  return [...new Set([...left.keys(), ...right.keys()])].map((path) => {
    const [was, is] = [left.get(path), right.get(path)];
    return { element: (was ?? is)?.[0] ?? path, before: was?.[1], after: is?.[1] };
  });
}
