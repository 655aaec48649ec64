/** Groups: the rules of the group they extend, then their own. */
import { didYouMean } from '../suggestion.ts';
import { compileRule, inOrder } from './compile-rule.ts';
import type { Step } from './frame.ts';
import type { Shape } from './model.ts';
import { type Build, type GroupCode, type GroupEntry, Scope } from './scope.ts';

function keyOf(entry: GroupEntry, shapes: readonly (readonly Shape[])[]): string {
  const types = shapes.map((set) => set.map((shape) => `${shape.structure.url}#${shape.path}`).join('|'));
  return [entry.map.url, entry.group.name, ...types].join(' ');
}

/** Compiles the group's base: it works on the same variables, by the order of the parameters. */
function compileBase(
  entry: GroupEntry,
  scope: Scope,
  shapes: readonly (readonly Shape[])[],
): readonly Step[] {
  const { group } = entry;
  if (group.extends === undefined) return [];
  const base = scope.build.groups.get(group.extends);
  if (!base) {
    const known = didYouMean(group.extends, scope.build.groups.keys());
    scope.error(group.position, `unknown group '${group.extends}'`, known);
    return [];
  }
  if (base.group.parameters.length !== group.parameters.length) {
    scope.error(group.position, `group '${group.extends}' takes another number of arguments`);
    return [];
  }
  const code = scope.build.group(base, shapes);
  return [
    (frame) => {
      const slots: unknown[] = new Array(code.slots);
      const used = code.parameters.length * 4;
      for (let slot = 0; slot < used; slot += 1) slots[slot] = frame.slots[slot];
      code.run({ run: frame.run, slots });
    },
  ];
}

/**
 * Compiles a group for the types of its arguments, once. A group that calls itself finds its own code, which is
 * filled when its rules are compiled.
 */
export function compileGroup(
  entry: GroupEntry,
  shapes: readonly (readonly Shape[])[],
  build: Build,
): GroupCode {
  const key = keyOf(entry, shapes);
  const known = build.code.get(key);
  if (known) return known;
  const scope = new Scope(build, entry);
  const parameters = entry.group.parameters.map((parameter, index) =>
    scope.declare(parameter.name, parameter.mode, shapes[index] ?? []),
  );
  const code: GroupCode = { parameters, run: () => undefined, slots: 0 };
  build.code.set(key, code);
  const base = compileBase(entry, scope, shapes);
  const rules = entry.group.rules.map((rule) => compileRule(rule, scope));
  code.run = inOrder([...base, ...rules]);
  code.slots = scope.slots;
  return code;
}
