/**
 * What a slice says at the end of a discriminator's path: in the profile itself, or in the profile or type that an
 * element on the way has.
 *
 * @see https://hl7.org/fhir/R4/profiling.html#discriminator
 */
import type { Definitions, Element, Structure } from '../../definitions/index.ts';
import { isObject, listOf, matchesPattern, sameJson } from '../json.ts';
import type { PathStep } from './discriminator-path.ts';

export interface Located {
  /** The element, the profile's own statement first. */
  readonly elements: readonly Element[];
  /** Whether a value is the part for this element of a fixed or pattern value that stands above it. */
  readonly inherited: ((value: unknown) => boolean) | undefined;
  /** Whether the path ends with `resolve()`. */
  readonly resolved: boolean;
}

interface Position {
  readonly structure: Structure;
  readonly element: Element;
}

/** Follows a path from a slice. */
export function elementsAt(
  structure: Structure,
  slice: Element,
  steps: readonly PathStep[],
  definitions: Pick<Definitions, 'structure'>,
): Located {
  const resolved = steps.at(-1)?.kind === 'resolve';
  let positions: readonly Position[] = [{ structure, element: slice }];
  let inherited: Located['inherited'];
  for (const [index, step] of steps.entries()) {
    inherited ??= inheritedFrom(positions, steps.slice(index));
    if (resolved && index === steps.length - 1) break;
    positions = positions.flatMap((each) => follow(each, step, definitions));
  }
  return { elements: positions.map(({ element }) => element), inherited, resolved };
}

/** The part of a fixed or pattern value that the rest of the path leads to. */
function inheritedFrom(positions: readonly Position[], rest: readonly PathStep[]): Located['inherited'] {
  for (const { element } of positions) {
    const parts = plainParts(element.fixed ?? element.pattern, rest);
    if (parts.length === 0) continue;
    return element.fixed === undefined
      ? (value) => parts.some((part) => matchesPattern(part, value))
      : (value) => parts.some((part) => sameJson(part, value));
  }
  return undefined;
}

function plainParts(whole: unknown, rest: readonly PathStep[]): readonly unknown[] {
  let parts = listOf(whole);
  for (const step of rest) {
    parts = parts.flatMap((part) =>
      step.kind === 'element' && isObject(part) ? listOf(part[step.name]) : [],
    );
  }
  return parts;
}

function follow(
  { structure, element }: Position,
  step: PathStep,
  definitions: Pick<Definitions, 'structure'>,
): readonly Position[] {
  if (step.kind === 'type') return [{ structure, element }];
  if (step.kind === 'resolve') return typesBehind(element, true, definitions);
  const own = childOf(structure, element.path, step);
  const behind = typesBehind(element, false, definitions).flatMap((each) => {
    const child = childOf(each.structure, each.element.path, step);
    return child ? [{ structure: each.structure, element: child }] : [];
  });
  return own ? [{ structure, element: own }, ...behind] : behind;
}

function childOf(structure: Structure, path: string, step: PathStep): Element | undefined {
  if (step.kind === 'extension') {
    return structure
      .slices(`${path}.extension`)
      .find((slice) => slice.types.some(({ profiles }) => profiles?.includes(step.url)));
  }
  if (step.kind !== 'element') return undefined;
  return structure.element(`${path}.${step.name}`) ?? structure.element(`${path}.${step.name}[x]`);
}

/** Roots of the profiles and types that an element has, or that it refers to. */
function typesBehind(
  element: Element,
  targets: boolean,
  definitions: Pick<Definitions, 'structure'>,
): readonly Position[] {
  return element.types.flatMap((type) => {
    const urls = (targets ? type.targetProfiles : type.profiles) ?? [];
    return [...urls, ...(targets ? [] : [type.code])].flatMap((url) => {
      const structure = definitions.structure(url);
      const root = structure?.elements[0];
      return structure && root ? [{ structure, element: root }] : [];
    });
  });
}
