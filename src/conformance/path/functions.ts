/**
 * Functions of FHIRPath that invariants use most.
 *
 * @see http://hl7.org/fhirpath/N1/#functions
 */
import {
  asText,
  asTruth,
  type Collection,
  EMPTY,
  type Evaluate,
  truth,
  UNDECIDED,
  Valueless,
} from './collection.ts';
import { distinct } from './compare-collections.ts';

/** Compiles a call; undefined when it has the wrong number of arguments. */
type Compile = (focus: Evaluate, args: readonly Evaluate[]) => Evaluate | undefined;

const plain =
  (work: (items: Collection) => Collection): Compile =>
  (focus, args) =>
    args.length === 0 ? (input, run) => work(focus(input, run)) : undefined;

/** A function of one text and another. */
const ofTexts =
  (work: (text: string, other: string) => Collection): Compile =>
  (focus, [other, ...rest]) =>
    other && rest.length === 0
      ? (input, run) => {
          const [text, argument] = [asText(focus(input, run)), asText(other(input, run))];
          return text === undefined || argument === undefined ? EMPTY : work(text, argument);
        }
      : undefined;

/** A function that asks each item. */
const ofEach =
  (work: (items: Collection, ask: (item: unknown) => Collection) => Collection): Compile =>
  (focus, [criterion, ...rest]) =>
    criterion && rest.length === 0
      ? (input, run) => work(focus(input, run), (item) => criterion([item], run))
      : undefined;

const where = ofEach((items, ask) => {
  const found = items.filter((item) => asTruth(ask(item)) === true);
  return found.length === items.length ? items : found;
});

const exists: Compile = (focus, args) => {
  const found = args.length === 0 ? focus : where(focus, args);
  return found && ((input, run) => truth(found(input, run).length > 0));
};

/** Patterns that a definition repeats for every element. */
const patterns = new Map<string, RegExp>();
const MOST_PATTERNS = 500;

function patternOf(text: string): RegExp {
  const known = patterns.get(text);
  if (known) return known;
  if (patterns.size >= MOST_PATTERNS) patterns.clear();
  const fresh = new RegExp(text, 's');
  patterns.set(text, fresh);
  return fresh;
}

export const FUNCTIONS: Readonly<Record<string, Compile>> = {
  exists,
  where,
  empty: plain((items) => truth(items.length === 0)),
  count: plain((items) => [items.length]),
  first: plain((items) => items.slice(0, 1)),
  tail: plain((items) => items.slice(1)),
  distinct: plain(distinct),
  isDistinct: plain((items) => truth(distinct(items).length === items.length)),
  not: plain((items) => {
    const value = asTruth(items);
    return value === undefined ? EMPTY : truth(!value);
  }),
  hasValue: plain((items) => {
    if (items.length !== 1) return truth(false);
    return truth(!(items[0] instanceof Valueless) && typeof items[0] !== 'object');
  }),
  allFalse: plain((items) => {
    if (items.some((each) => typeof each !== 'boolean')) throw UNDECIDED;
    return truth(items.every((each) => each === false));
  }),
  all: ofEach((items, ask) => truth(items.every((item) => asTruth(ask(item)) === true))),
  select: ofEach((items, ask) => items.flatMap((item) => ask(item))),
  startsWith: ofTexts((text, start) => truth(text.startsWith(start))),
  endsWith: ofTexts((text, end) => truth(text.endsWith(end))),
  contains: ofTexts((text, part) => truth(text.includes(part))),
  matches: ofTexts((text, pattern) => truth(patternOf(pattern).test(text))),
  // Only for those who look for faults in an expression.
  trace: (focus) => focus,
};
