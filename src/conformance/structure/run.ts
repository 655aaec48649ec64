import type { Issue } from '../../outcome.ts';
import { type FindingKey, finding } from '../finding.ts';
import type { Hint } from '../hint.ts';
import type { JsonObject } from '../json.ts';
import { at, type Place } from '../place.ts';

/** One validation: where findings go, and the resource that `%resource` and local references mean. */
export interface Run {
  readonly issues: Issue[];
  readonly hint: Hint;
  /** `%resource` of invariants: the nearest resource. */
  readonly resource: JsonObject;
  /** `%rootResource`: the one that contains it, else itself. */
  readonly rootResource: JsonObject;
  /** Where `resource` stands. */
  readonly base: Place;
  /** The Bundle that `rootResource` is an entry of. */
  readonly bundle: JsonObject | undefined;
  /** Whether an extension that is not known here is refused, not only mentioned. */
  readonly strict: boolean;
  /** Whether a modifier at an address of examples is only warned of. */
  readonly examples: boolean;
  /** The time that relative limits of dates count from; without it they are not judged. */
  readonly now: Date | undefined;
}

/** Judges an object that stands at `place`. */
export type ObjectCheck = (object: JsonObject, place: Place, run: Run) => void;

/** Judges one value; its place is only made when it is needed. */
export type ValueCheck = (value: unknown, parent: Place, step: string, index: number, run: Run) => void;

/** Adds a finding at an element of `parent`. */
export function report(
  run: Run,
  code: Issue['code'],
  key: FindingKey,
  parent: Place,
  step: string,
  index: number,
  text: string,
  severity: Issue['severity'] = 'error',
): void {
  run.issues.push(finding(code, key, at(parent, step, index), text, severity));
}
