/**
 * FHIRPath's operators on plain values. Nothing compared with something gives nothing.
 *
 * @see https://hl7.org/fhirpath/N1/#operations
 */
import { atMostOne, type FastCode, isEmpty, LEAVE, single, truth, type Value } from './fast-value.ts';

type MakeOperator = (left: FastCode, right: FastCode) => FastCode | undefined;

function comparable(left: FastCode, right: FastCode): boolean {
  return left.kind === right.kind && left.kind !== 'other';
}

/** Whether two collections are equal: one against one; a list against one is unequal; lists are the library's. */
function equal(left: Value, right: Value): boolean | undefined {
  if (isEmpty(left) || isEmpty(right)) return undefined;
  const [one, other] = [single(left), single(right)];
  if (Array.isArray(one) || Array.isArray(other))
    return Array.isArray(one) && Array.isArray(other) ? LEAVE() : false;
  return one === other;
}

const makeEqual: MakeOperator = (left, right) => {
  if (!comparable(left, right)) return undefined;
  return truth((frame, item) => equal(left.read(frame, item), right.read(frame, item)));
};

const makeUnequal: MakeOperator = (left, right) => {
  if (!comparable(left, right)) return undefined;
  return truth((frame, item) => {
    const outcome = equal(left.read(frame, item), right.read(frame, item));
    return outcome === undefined ? undefined : !outcome;
  });
};

/** Logic of three values: true, false and unknown. */
function makeLogic(
  decide: (left: boolean | undefined, right: () => boolean | undefined) => boolean | undefined,
): MakeOperator {
  return (left, right) => {
    if (left.kind !== 'boolean' || right.kind !== 'boolean') return undefined;
    return truth((frame, item) =>
      decide(
        atMostOne(left.read(frame, item)) as boolean | undefined,
        () => atMostOne(right.read(frame, item)) as boolean | undefined,
      ),
    );
  };
}

const makeAnd = makeLogic((left, read) => {
  if (left === false) return false;
  const right = read();
  return right === false ? false : left === undefined ? undefined : right;
});

const makeOr = makeLogic((left, read) => {
  if (left === true) return true;
  const right = read();
  return right === true ? true : left === undefined ? undefined : right;
});

function makeOrder(compare: (left: number, right: number) => boolean): MakeOperator {
  return (left, right) => {
    if (left.kind !== 'number' || right.kind !== 'number') return undefined;
    return truth((frame, item) => {
      const one = atMostOne(left.read(frame, item));
      const other = atMostOne(right.read(frame, item));
      if (one === undefined || other === undefined) return undefined;
      return compare(one as number, other as number);
    });
  };
}

const makeMember: MakeOperator = (left, right) => {
  if (!comparable(left, right)) return undefined;
  return truth((frame, item) => {
    const one = atMostOne(left.read(frame, item));
    if (one === undefined) return undefined;
    const list = right.read(frame, item);
    if (Array.isArray(list)) return list.includes(one);
    return list === one;
  });
};

/** `a & b` reads nothing as an empty text, `a + b` makes nothing of it. */
function makeJoin(missing: string | undefined): MakeOperator {
  return (left, right) => {
    if (left.kind !== 'string' || right.kind !== 'string') return undefined;
    return {
      kind: 'string',
      shapes: [],
      read: (frame, item) => {
        const one = atMostOne(left.read(frame, item)) ?? missing;
        const other = atMostOne(right.read(frame, item)) ?? missing;
        return one === undefined || other === undefined ? undefined : `${String(one)}${String(other)}`;
      },
    };
  };
}

const makeUnion: MakeOperator = (left, right) => {
  if (!comparable(left, right)) return undefined;
  const listOf = (value: Value): unknown[] =>
    Array.isArray(value) ? value : value === undefined ? [] : [value];
  return {
    kind: left.kind,
    shapes: [],
    read: (frame, item) => [
      ...new Set([...listOf(left.read(frame, item)), ...listOf(right.read(frame, item))]),
    ],
  };
};

/** Operators by how they are written. */
export const FAST_OPERATORS: Readonly<Record<string, MakeOperator>> = {
  '=': makeEqual,
  '!=': makeUnequal,
  and: makeAnd,
  or: makeOr,
  '<': makeOrder((left, right) => left < right),
  '<=': makeOrder((left, right) => left <= right),
  '>': makeOrder((left, right) => left > right),
  '>=': makeOrder((left, right) => left >= right),
  in: makeMember,
  '&': makeJoin(''),
  '+': makeJoin(undefined),
  '|': makeUnion,
};
