/**
 * Transforms that give a value as it is or of another type: create, copy, cast, evaluate, reference, pointer.
 *
 * @see https://hl7.org/fhir/R4/valueset-map-transform.html
 */
import { deepCopy, type Frame, failAt, isObject, type JsonObject } from '../frame.ts';
import { type Child, isPrimitive, isResource, type Shape, TYPE_MARK, typeName } from '../model.ts';
import { CastFailure, castPrimitive } from '../primitive.ts';
import {
  type Call,
  compileArgument,
  compileArguments,
  compileEvaluation,
  literalText,
  shapesOf,
  type TransformCompiler,
  type ValueCode,
} from './call.ts';

/** A fresh value of a type; resources carry their resourceType, nothing else does. */
export function makeFresh(shape: Shape): () => JsonObject {
  const type = shape.structure.type;
  if (!isResource(shape)) return () => ({});
  return () => {
    // An empty literal gets room for several properties, one with a property for that one only.
    const resource: JsonObject = {};
    resource['resourceType'] = type;
    return resource;
  };
}

/** `create('Type')`; without an argument, of the only type that the element can have. */
export const compileCreate: TransformCompiler = (call) => {
  const { scope, node, target } = call;
  if (!compileArguments(call, 0, 1)) return undefined;
  let shape: Shape | undefined;
  if (node.arguments.length === 1) {
    const name = literalText(call, 0);
    shape = name === undefined ? undefined : scope.type(name, node.position);
  } else {
    const alternatives = target?.alternatives ?? [];
    shape = alternatives.length === 1 ? alternatives[0]?.shape : undefined;
    if (!shape) scope.error(node.position, "create() needs a type here: create('Type')");
  }
  if (!shape) return undefined;
  if (shape.structure.abstract && isResource(shape)) {
    scope.error(node.position, `${typeName(shape)} is abstract and cannot be created`);
    return undefined;
  }
  scope.build.witness?.made?.(shape);
  const value = isMarked(target, shape) ? () => ({ [TYPE_MARK]: typeName(shape) }) : makeFresh(shape);
  return { shapes: [shape], value, isFresh: true, isExplicit: true };
};

/** An element of a logical model whose type its name does not tell, such as CDA's `value`, notes it in the value. */
function isMarked(target: Child | undefined, shape: Shape): boolean {
  return target !== undefined && !target.isChoice && target.alternatives.length > 1 && !isResource(shape);
}

/** `copy(v)` and plain values: never shared with the source. */
export const compileCopy: TransformCompiler = (call) => {
  const [source] = compileArguments(call, 1, 1) ?? [];
  if (!source || source.literal !== undefined) return source;
  return { ...source, value: (frame) => deepCopy(source.value(frame)) };
};

/** `cast(v, 'type')` between primitive types; what is not a valid value of the type is an error. */
export const compileCast: TransformCompiler = (call) => {
  const { scope, node, site } = call;
  const [source] = compileArguments(call, 1, 2) ?? [];
  if (!source) return undefined;
  const name = node.arguments.length === 2 ? literalText(call, 1) : soleType(call);
  const shape = name === undefined ? undefined : scope.type(name, node.position);
  if (!shape) return undefined;
  if (!isPrimitive(shape)) {
    scope.error(node.position, `cast() makes primitive types only, not ${typeName(shape)}`);
    return undefined;
  }
  const type = typeName(shape);
  return {
    shapes: [shape],
    value: (frame) => {
      const value = source.value(frame);
      if (value === undefined || value === null) return undefined;
      try {
        return castPrimitive(value, type);
      } catch (error) {
        if (!(error instanceof CastFailure)) throw error;
        return failAt(site, `cast(): this is ${error.message}`, error);
      }
    },
    ...(source.from && { from: source.from }),
  };
};

function soleType(call: Call): string | undefined {
  const alternatives = call.target?.alternatives ?? [];
  if (alternatives.length === 1 && alternatives[0]) return typeName(alternatives[0].shape);
  call.scope.error(call.node.position, "cast() needs a type here: cast(v, 'type')");
  return undefined;
}

/** `evaluate(variable, expression)`, `evaluate(expression)` and `(expression)`. */
export const compileEvaluate: TransformCompiler = (call) => {
  const { node, scope } = call;
  const [first, second] = node.arguments;
  if (!first || node.arguments.length > 2) {
    scope.error(node.position, `evaluate() takes 1 to 2 arguments, not ${node.arguments.length}`);
    return undefined;
  }
  if (!second) return compileArgument(first, call);
  if (first.kind !== 'variable') {
    scope.error(first.position, 'the first of two arguments of evaluate() must be a variable');
    return undefined;
  }
  const on = scope.require(first.name, first.position);
  if (!on) return undefined;
  return second.kind === 'expression' ? compileEvaluation(second, call, on) : compileArgument(second, call);
};

function resourceOf(source: ValueCode, frame: Frame, call: Call): JsonObject | undefined {
  const value = source.value(frame);
  if (value === undefined || value === null) return undefined;
  if (!isObject(value) || typeof value['resourceType'] !== 'string')
    return failAt(call.site, `${call.node.name}() needs a resource`);
  return value;
}

/** A resource the map makes gets an id when it is first referred to; one it was given must have its own. */
function idOf(resource: JsonObject, source: ValueCode, frame: Frame, call: Call): string {
  if (typeof resource['id'] === 'string') return resource['id'];
  if (source.from?.mode === 'source') return failAt(call.site, `${call.node.name}(): the resource has no id`);
  const id = frame.run.environment.uuid();
  resource['id'] = id;
  return id;
}

/** `reference(resource)`: `Type/id`. */
export const compileReference: TransformCompiler = (call) => {
  const [source] = compileArguments(call, 1, 1) ?? [];
  if (!source) return undefined;
  return {
    shapes: shapesOf(call.scope, 'string'),
    value: (frame) => {
      const resource = resourceOf(source, frame, call);
      return resource && `${String(resource['resourceType'])}/${idOf(resource, source, frame, call)}`;
    },
  };
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `pointer(resource)`: what an entry of the same Bundle is referred to by, `urn:uuid:…`, when its id is a UUID. */
export const compilePointer: TransformCompiler = (call) => {
  const [source] = compileArguments(call, 1, 1) ?? [];
  if (!source) return undefined;
  return {
    shapes: shapesOf(call.scope, 'string'),
    value: (frame) => {
      const resource = resourceOf(source, frame, call);
      if (!resource) return undefined;
      const id = idOf(resource, source, frame, call);
      return UUID.test(id) ? `urn:uuid:${id}` : `${String(resource['resourceType'])}/${id}`;
    },
  };
};
