/**
 * FHIRPath's functions on plain values.
 *
 * @see https://hl7.org/fhirpath/N1/#functions
 */

import { atMostOne, type FastCode, isEmpty, LEAVE, truth, type Value } from './fast-value.ts';
import type { Frame } from './frame.ts';

type MakeFunction = (input: FastCode, parameters: readonly FastCode[]) => FastCode | undefined;

/** The items for which the criteria hold. */
function keep(input: Value, criteria: FastCode, frame: Frame): unknown[] {
  const list = Array.isArray(input) ? input : input === undefined ? [] : [input];
  return list.filter((item) => {
    const outcome = atMostOne(criteria.read(frame, item as Value));
    return outcome === true;
  });
}

const makeExists: MakeFunction = (input, [criteria]) => {
  if (!criteria) return truth((frame, item) => !isEmpty(input.read(frame, item)));
  if (criteria.kind !== 'boolean') return undefined;
  return truth((frame, item) => keep(input.read(frame, item), criteria, frame).length > 0);
};

const makeWhere: MakeFunction = (input, [criteria]) => {
  if (criteria?.kind !== 'boolean') return undefined;
  return { ...input, read: (frame, item) => keep(input.read(frame, item), criteria, frame) };
};

const makeAll: MakeFunction = (input, [criteria]) => {
  if (criteria?.kind !== 'boolean') return undefined;
  return truth((frame, item) => {
    const value = input.read(frame, item);
    const count = Array.isArray(value) ? value.length : value === undefined ? 0 : 1;
    return keep(value, criteria, frame).length === count;
  });
};

const makeNot: MakeFunction = (input, parameters) => {
  if (input.kind !== 'boolean' || parameters.length > 0) return undefined;
  return truth((frame, item) => {
    const value = atMostOne(input.read(frame, item));
    return value === undefined ? undefined : value !== true;
  });
};

function makePick(pick: (list: readonly unknown[]) => unknown): MakeFunction {
  return (input) => ({
    ...input,
    read: (frame, item) => {
      const value = input.read(frame, item);
      return Array.isArray(value) ? (pick(value) as Value) : value;
    },
  });
}

const makeCount: MakeFunction = (input) => ({
  kind: 'number',
  shapes: [],
  read: (frame, item) => {
    const value = input.read(frame, item);
    if (Array.isArray(value)) return value.length;
    return value === undefined ? 0 : 1;
  },
});

function makeTextTest(test: (text: string, part: string) => boolean): MakeFunction {
  return (input, [part]) => {
    if (input.kind !== 'string' || part?.kind !== 'string') return undefined;
    return truth((frame, item) => {
      const text = atMostOne(input.read(frame, item));
      const piece = atMostOne(part.read(frame, item));
      return text === undefined || piece === undefined ? undefined : test(String(text), String(piece));
    });
  };
}

function makeText(change: (text: string) => string): MakeFunction {
  return (input) => {
    if (input.kind !== 'string') return undefined;
    return {
      kind: 'string',
      shapes: [],
      read: (frame, item) => {
        const text = atMostOne(input.read(frame, item));
        return text === undefined ? undefined : change(String(text));
      },
    };
  };
}

/** A primitive has a value when it is there at all: those with extensions alone are left to the library. */
const makeHasValue: MakeFunction = (input) => {
  if (input.kind === 'other') return undefined;
  return truth((frame, item) => {
    const value = input.read(frame, item);
    return Array.isArray(value) ? LEAVE() : value !== undefined;
  });
};

/** Functions by name. */
export const FAST_FUNCTIONS: Readonly<Record<string, MakeFunction>> = {
  exists: makeExists,
  empty: (input) => truth((frame, item) => isEmpty(input.read(frame, item))),
  where: makeWhere,
  all: makeAll,
  not: makeNot,
  first: makePick((list) => list[0]),
  last: makePick((list) => list.at(-1)),
  count: makeCount,
  hasValue: makeHasValue,
  startsWith: makeTextTest((text, part) => text.startsWith(part)),
  endsWith: makeTextTest((text, part) => text.endsWith(part)),
  contains: makeTextTest((text, part) => text.includes(part)),
  upper: makeText((text) => text.toUpperCase()),
  lower: makeText((text) => text.toLowerCase()),
};
