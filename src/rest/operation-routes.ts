import type { Route } from './routes.ts';
import type { Interact } from './types.ts';

const PREFIXES = { system: '', type: ':type/', instance: ':type/:id/' } as const;

/**
 * The routes of an operation, at the levels and by the methods it has; its name is the last part of its definition's.
 * @param definition canonical of the OperationDefinition
 * @see https://hl7.org/fhir/R4/operations.html#executing
 */
export function operationRoutes(
  interact: Interact,
  definition: string,
  options: {
    readonly types?: readonly string[];
    readonly methods?: readonly ('GET' | 'POST')[];
    readonly at?: readonly (keyof typeof PREFIXES)[];
  },
): readonly Route[] {
  const { types, methods = ['GET'], at = ['instance'] } = options;
  const name = /[A-Za-z]-(.+)$/.exec(definition)?.[1] ?? '';
  return at.flatMap((level) =>
    methods.map((method) => ({
      method,
      path: `${PREFIXES[level]}$${name}`,
      name,
      interact,
      body: method === 'POST' ? ('resource' as const) : ('none' as const),
      operation: definition,
      ...(types && { types }),
    })),
  );
}
