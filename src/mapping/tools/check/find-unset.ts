/** Elements that a model requires and that no rule writes into what the map makes. */
import type { CompileOptions } from '../../compile/compile-map.ts';
import { createModels, isPrimitive, typeName } from '../../compile/model.ts';
import type { MapTree } from '../../tree.ts';
import type { MapDiagnostic, Position } from '../../types.ts';
import { keyOfShape, type MapFacts } from './collect-facts.ts';
import { rulesOf } from './rules-of.ts';

/** Where the map first makes a value of a type: the target that has the element of this type, else its head. */
function placeOf(map: MapTree, key: string, facts: MapFacts): Position {
  const targets = rulesOf(map.groups.flatMap((group) => group.rules)).flatMap((rule) => rule.targets);
  const maker = targets.find((target) =>
    facts.target(target.position)?.alternatives.some((each) => keyOfShape(each.shape) === key),
  );
  const parameter = map.groups[0]?.parameters.find((each) => each.mode === 'target');
  return maker?.position ?? parameter?.position ?? map.position;
}

/** Finds, for each type that the map makes, the required elements that it never writes. */
export function findUnset(map: MapTree, facts: MapFacts, options: CompileOptions): readonly MapDiagnostic[] {
  const models = createModels(options.definitions, options.models);
  return [...facts.made].flatMap(([key, shape]) => {
    if (isPrimitive(shape)) return [];
    const written = facts.written.get(key);
    return models
      .childNames(shape)
      .filter((name) => models.child(shape, name)?.name === name)
      .filter((name) => (models.child(shape, name)?.element?.min ?? 0) > 0 && !written?.has(name))
      .map((name) => ({
        ...placeOf(map, key, facts),
        severity: 'error' as const,
        message: `${typeName(shape)}.${name} is required, and no rule writes it`,
      }));
  });
}
