/** Groups: the rules of the group they extend, then their own. */
import { didYouMean } from '../suggestion.ts';
import type { GroupNode } from '../tree.ts';
import { compileRule, inOrder } from './compile-rule.ts';
import { SLOTS, type Step } from './frame.ts';
import type { Shape } from './model.ts';
import { type Build, type GroupCode, type GroupEntry, Scope } from './scope.ts';

function keyOf(entry: GroupEntry, shapes: readonly (readonly Shape[])[]): string {
  const types = shapes.map((set) => set.map((shape) => `${shape.structure.url}#${shape.path}`).join('|'));
  return [entry.map.url, entry.group.name, ...types].join(' ');
}

/** The group that a group extends; a diagnostic when it is unknown, takes other arguments or extends this one. */
function findBase({ group }: GroupEntry, scope: Scope): GroupEntry | undefined {
  if (group.extends === undefined) return undefined;
  const { groups } = scope.build;
  const base = groups.get(group.extends);
  const refuse = (message: string, suggestion: { readonly suggestion?: string } = {}): undefined =>
    void scope.error(group.position, message, suggestion);
  if (!base) return refuse(`unknown group '${group.extends}'`, didYouMean(group.extends, groups.keys()));
  if (base.group.parameters.length !== group.parameters.length)
    return refuse(`group '${group.extends}' takes another number of arguments`);
  const chain = new Set<GroupNode>();
  for (
    let at: GroupEntry | undefined = base;
    at && !chain.has(at.group);
    at = groups.get(at.group.extends ?? '')
  ) {
    if (at.group === group) return refuse(`group '${group.name}' extends itself`);
    chain.add(at.group);
  }
  return base;
}

/** Compiles the group's base: it works on the same variables, by the order of the parameters. */
function compileBase(
  entry: GroupEntry,
  scope: Scope,
  shapes: readonly (readonly Shape[])[],
): readonly Step[] {
  const base = findBase(entry, scope);
  if (!base) return [];
  const code = scope.build.group(base, shapes);
  return [
    (frame) => {
      const slots: unknown[] = new Array(code.slots);
      const used = code.parameters.length * SLOTS;
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
