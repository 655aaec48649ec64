/** The loops of the most common sources: a variable itself, and one plain property of a variable. */
import { COMPANION, type Frame, isObject, Place, type Step } from './frame.ts';
import { isPrimitive } from './model.ts';
import type { Variable } from './scope.ts';

export interface PlainSource {
  readonly context: Variable;
  readonly variable: Variable;
  readonly test: ((frame: Frame) => boolean) | undefined;
}

/** A source that is a variable itself; `general` takes over where there is more than a plain value. */
export function loopSelf({ context, variable, test }: PlainSource, next: Step, general: Step): Step {
  const from = context.slot;
  const { slot } = variable;
  if (!context.shapes.some(isPrimitive))
    return (frame) => {
      const { slots } = frame;
      const value = slots[from];
      if (value === undefined || value === null) return;
      slots[slot] = value;
      if (!test || test(frame)) next(frame);
    };
  return (frame) => {
    const { slots } = frame;
    const value = slots[from];
    if (value === undefined || value instanceof Place || slots[from + COMPANION] !== undefined) {
      general(frame);
      return;
    }
    slots[slot] = value;
    slots[slot + COMPANION] = undefined;
    if (!test || test(frame)) next(frame);
  };
}

/** A source that is one property of a variable: `item.answer as a`. */
export function loopPlain(
  plain: PlainSource,
  key: string,
  isPrimitiveElement: boolean,
  next: Step,
  general: Step,
): Step {
  const { context, variable, test } = plain;
  const from = context.slot;
  const { slot } = variable;
  const beside = `_${key}`;
  return (frame) => {
    const { slots } = frame;
    const parent = slots[from];
    if (!isObject(parent) || (isPrimitiveElement && parent[beside] !== undefined)) {
      general(frame);
      return;
    }
    const value = parent[key];
    if (value === undefined) return;
    if (isPrimitiveElement) slots[slot + COMPANION] = undefined;
    if (!Array.isArray(value)) {
      slots[slot] = value;
      if (!test || test(frame)) next(frame);
      return;
    }
    for (let index = 0; index < value.length; index += 1) {
      slots[slot] = value[index];
      if (!test || test(frame)) next(frame);
    }
  };
}
