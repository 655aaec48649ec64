/** Where in a text the element of a finding stands, JSON or XML. */

export interface Place {
  /** From 1 on. */
  readonly line: number;
  readonly column: number;
}

/** An element in a text. */
export interface PlacedNode extends Place {
  /** Elements of a name of FHIRPath; a choice is found without its type, and the parts of a primitive by its name. */
  children(step: string): readonly PlacedNode[];
  /** Whether its items are counted by an index, and not it among others of its name. */
  readonly items?: readonly PlacedNode[];
}

/** Names a member of a choice: `value` is `valueString`, too. */
export function isNamed(name: string, step: string): boolean {
  return name === step || (name.startsWith(step) && /^[A-Z]/.test(name.slice(step.length)));
}

/**
 * The element of an expression, or of as much of it as is there.
 * @param expression simple FHIRPath: `Task.input[0].value`
 */
export function locate(root: PlacedNode, expression: string): Place {
  let found: readonly PlacedNode[] = [root];
  let deepest: PlacedNode = root;
  const [, ...steps] = expression.split('.');
  for (const step of steps) {
    const [, name = '', index] = /^(\w+)(?:\[(\d+)\])?/.exec(step) ?? [];
    const named = found.flatMap((each) => each.children(name));
    found = index === undefined ? named : pick(named, Number(index));
    const [first] = found;
    if (!first) break;
    deepest = first;
    // What follows, such as a function, leads no further in the text.
    if (step !== name && !step.endsWith(']')) break;
  }
  return { line: deepest.line, column: deepest.column };
}

function pick(named: readonly PlacedNode[], index: number): readonly PlacedNode[] {
  const lists = named.filter(({ items }) => items !== undefined);
  const inLists = lists.flatMap(({ items = [] }) => items.slice(index, index + 1));
  return inLists.length > 0 ? inLists : named.filter(({ items }) => !items).slice(index, index + 1);
}
