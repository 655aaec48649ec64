/** Runs a compiled map: binds the sources, makes the targets, calls the first group. */
import type { GroupNode } from '../tree.ts';
import type { MapEnvironment, MapObserver } from '../types.ts';
import type { Expression } from './expression.ts';
import { type Frame, failAt, PATH, Place, type Run } from './frame.ts';
import { isPrimitive, isResource, rootPath, typeName } from './model.ts';
import type { Build, GroupCode } from './scope.ts';
import { makeFresh } from './transforms/values.ts';

/** A map that is compiled. */
export interface Program {
  readonly build: Build;
  readonly entry: GroupNode;
  readonly code: GroupCode;
  readonly constants: readonly { readonly name: string; readonly expression: Expression }[];
}

const NO_CONSTANTS: ReadonlyMap<string, readonly unknown[]> = new Map();

function startRun(environment: MapEnvironment, observer: MapObserver | undefined): Run {
  return {
    environment,
    observer,
    shared: undefined,
    claims: undefined,
    last: undefined,
    constants: NO_CONSTANTS,
    depth: 0,
  };
}

function bindSources(program: Program, frame: Frame, sources: Readonly<Record<string, unknown>>): void {
  for (const [index, parameter] of program.entry.parameters.entries()) {
    const variable = program.code.parameters[index];
    if (parameter.mode !== 'source' || !variable) continue;
    const value = sources[parameter.name];
    const [shape] = variable.shapes;
    const site = { position: parameter.position, rule: undefined };
    if (value === undefined || value === null) failAt(site, `the source '${parameter.name}' is missing`);
    const type = (value as { resourceType?: unknown }).resourceType;
    if (shape && isResource(shape) && !shape.structure.abstract && type !== shape.structure.type)
      failAt(site, `the source '${parameter.name}' must be a ${shape.structure.type}`);
    frame.slots[variable.slot] = value;
    frame.slots[variable.slot + PATH] = shape ? typeName(shape) : parameter.name;
  }
}

/** Makes the targets of the first group; what a run gives back is the only one, or all by their names. */
function bindTargets(program: Program, frame: Frame): () => unknown {
  const results: [string, unknown][] = [];
  for (const [index, parameter] of program.entry.parameters.entries()) {
    const variable = program.code.parameters[index];
    const [shape] = variable?.shapes ?? [];
    if (parameter.mode !== 'target' || !variable || !shape) continue;
    const value = isPrimitive(shape) ? new Place({}, parameter.name, false) : makeFresh(shape)();
    frame.slots[variable.slot] = value;
    frame.slots[variable.slot + PATH] = rootPath(shape.structure);
    results.push([parameter.name, value]);
  }
  const read = (value: unknown): unknown => (value instanceof Place ? value.get() : value);
  return () => {
    const [only, ...more] = results;
    if (only && more.length === 0) return read(only[1]);
    return Object.fromEntries(results.map(([name, value]) => [name, read(value)]));
  };
}

/**
 * Runs a program on sources by their names.
 *
 * @throws MappingError with the place and the rule, for everything that goes wrong
 */
export function runProgram(
  program: Program,
  sources: Readonly<Record<string, unknown>>,
  environment: MapEnvironment,
  observer?: MapObserver,
): unknown {
  const run = startRun(environment, observer);
  const frame: Frame = { run, slots: new Array(program.code.slots) };
  bindSources(program, frame, sources);
  if (program.constants.length > 0) {
    const constants = new Map<string, readonly unknown[]>();
    run.constants = constants;
    for (const { name, expression } of program.constants)
      constants.set(name, expression.values(frame, undefined));
  }
  const result = bindTargets(program, frame);
  try {
    program.code.run(frame);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    failAt({ position: program.entry.position, rule: undefined }, 'the source is nested too deep', error);
  }
  for (const { list, item } of run.last ?? []) list.push(item);
  return result();
}
