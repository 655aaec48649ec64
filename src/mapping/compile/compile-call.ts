/** Calls of groups: `then Group(a, b)`. A group is compiled once for each combination of argument types. */
import { didYouMean } from '../suggestion.ts';
import type { DependentNode, ParameterNode, RuleNode } from '../tree.ts';
import type { Position } from '../types.ts';
import { COMPANION, failAt, MAX_DEPTH, PATH, type Site, type Step, TYPE } from './frame.ts';
import { isPrimitive, type Shape, typeName } from './model.ts';
import { type GroupCode, type GroupEntry, Scope, siteOf, type Variable } from './scope.ts';

/** What is passed to a group: a variable, or a literal. */
export interface Argument {
  readonly shapes: readonly Shape[];
  readonly variable?: Variable;
  readonly literal?: unknown;
  readonly position: Position;
}

function compileArgument(node: DependentNode['arguments'][number], scope: Scope): Argument | undefined {
  const { position } = node;
  if (node.kind === 'literal') {
    const shape = scope.build.models.find(node.type);
    return { shapes: shape ? [shape] : [], literal: node.value, position };
  }
  const variable = scope.require(node.name, position);
  return variable && { shapes: variable.shapes, variable, position };
}

/** The types a parameter has for an argument: what is known of the argument, narrowed by the declared type. */
function narrow(parameter: ParameterNode, argument: Argument, scope: Scope, callee: Scope): readonly Shape[] {
  if (parameter.type === undefined) return argument.shapes;
  const declared = callee.type(parameter.type, parameter.position);
  if (!declared || argument.shapes.length === 0) return declared ? [declared] : [];
  const { models } = scope.build;
  const fitting = argument.shapes.flatMap((shape) => {
    if (models.isKindOf(shape, declared)) return [shape];
    return models.isKindOf(declared, shape) ? [declared] : [];
  });
  if (fitting.length === 0) {
    const given = argument.shapes.map(typeName).slice(0, 4).join(' or ');
    scope.error(
      argument.position,
      `'${parameter.name}' must be a ${typeName(declared)}, but this is a ${given}`,
    );
    return [declared];
  }
  return fitting;
}

function checkModes(parameters: readonly ParameterNode[], given: readonly Argument[], scope: Scope): void {
  for (const [index, parameter] of parameters.entries()) {
    const argument = given[index];
    const isSource = argument?.variable?.mode === 'source' || (argument && !argument.variable);
    if (argument && parameter.mode === 'target' && isSource)
      scope.error(argument.position, `'${parameter.name}' is a target, but a source is passed`);
  }
}

/** The slots of an argument that can hold something: its value always, the others by what its type makes of them. */
function usedSlots(variable: Variable, isTraced: boolean): readonly number[] {
  const { shapes } = variable;
  const hasCompanion = shapes.length === 0 || shapes.some(isPrimitive);
  return [
    0,
    ...(hasCompanion ? [COMPANION] : []),
    ...(shapes.length === 1 ? [] : [TYPE]),
    ...(isTraced ? [PATH] : []),
  ];
}

/** Makes the step that runs a group with arguments. */
export function callGroup(code: GroupCode, given: readonly Argument[], site: Site, isTraced: boolean): Step {
  const literals: (readonly [unknown, number])[] = [];
  const froms: number[] = [];
  const tos: number[] = [];
  for (const [index, { variable, literal }] of given.entries()) {
    const to = code.parameters[index]?.slot ?? 0;
    if (!variable) literals.push([literal, to]);
    else
      for (const offset of usedSlots(variable, isTraced)) {
        froms.push(variable.slot + offset);
        tos.push(to + offset);
      }
  }
  return (frame) => {
    const { run } = frame;
    if (run.depth >= MAX_DEPTH)
      failAt(site, `groups call each other more than ${MAX_DEPTH} deep: does this recursion end?`);
    const slots: unknown[] = new Array(code.slots);
    for (let index = 0; index < froms.length; index += 1)
      slots[tos[index] as number] = frame.slots[froms[index] as number];
    for (const [literal, to] of literals) slots[to] = literal;
    run.depth += 1;
    code.run({ run, slots });
    run.depth -= 1;
  };
}

/** Compiles a group for arguments. */
export function specialise(entry: GroupEntry, given: readonly Argument[], scope: Scope): GroupCode {
  const callee = new Scope(scope.build, entry);
  const shapes = entry.group.parameters.map((parameter, index) => {
    const argument = given[index];
    return argument ? narrow(parameter, argument, scope, callee) : [];
  });
  return scope.build.group(entry, shapes);
}

/** Compiles a call; an unknown group or a wrong number of arguments becomes a diagnostic. */
export function compileCall(node: DependentNode, scope: Scope, rule: RuleNode): Step {
  const nothing: Step = () => undefined;
  const entry = scope.build.groups.get(node.group);
  if (!entry) {
    scope.error(
      node.position,
      `unknown group '${node.group}'`,
      didYouMean(node.group, scope.build.groups.keys()),
    );
    return nothing;
  }
  const { parameters } = entry.group;
  if (parameters.length !== node.arguments.length) {
    const names = parameters.map((parameter) => parameter.name).join(', ');
    scope.error(
      node.position,
      `group '${node.group}' takes ${parameters.length} arguments (${names}), not ${node.arguments.length}`,
    );
    return nothing;
  }
  const given = node.arguments.flatMap((argument) => compileArgument(argument, scope) ?? []);
  if (given.length !== parameters.length) return nothing;
  checkModes(parameters, given, scope);
  const site = siteOf(node.position, rule.name);
  return callGroup(specialise(entry, given, scope), given, site, scope.build.instrumented);
}
