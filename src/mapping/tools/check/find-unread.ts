/**
 * Elements of the source models that no rule reads: what a system says and nobody listens to.
 *
 * Looked at are the elements of the model itself; of an element with content of its own, what is inside is looked at
 * when the map goes into it. A comment `// silta: ignore Task.owner, Task.input.* — why` says that it is meant so.
 */
import type { Definitions } from '../../../definitions/index.ts';
import type { CompileOptions } from '../../compile/compile-map.ts';
import { type Child, createModels, type Models, rootPath, type Shape } from '../../compile/model.ts';
import type { MapTree } from '../../tree.ts';
import type { MapDiagnostic, Position } from '../../types.ts';
import { keyOfShape, type MapFacts } from './collect-facts.ts';
import { isInherited } from './is-inherited.ts';

/** What every resource or element can carry: it says nothing of the message. */
const INFRASTRUCTURE: ReadonlySet<string> = new Set(
  'id extension modifierExtension meta implicitRules language text contained'.split(' '),
);

const IGNORE = /^[ \t]*\/\/[ \t]*silta:[ \t]*ignore\b(.*)$/gm;

interface Ignored {
  readonly pattern: string;
  readonly position: Position;
  isUsed: boolean;
}

function readIgnored(text: string, file: string, found: MapDiagnostic[]): readonly Ignored[] {
  return [...text.matchAll(IGNORE)].flatMap((match) => {
    const position = { file, line: text.slice(0, match.index).split('\n').length, column: 1 };
    const [, body = ''] = match;
    const [, paths, reason] = /^\s+(.+?)\s+(?:—|–|--?)\s+(\S.*)$/.exec(body) ?? [];
    if (paths === undefined || reason === undefined) {
      const message = "an ignored element needs a reason: '// silta: ignore Task.owner — why'";
      found.push({ ...position, severity: 'error', message });
      return [];
    }
    return paths.split(/\s*,\s*/).map((pattern) => ({ pattern, position, isUsed: false }));
  });
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('.*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function unreadBelow(
  shape: Shape,
  shown: string,
  given: { readonly models: Models; readonly facts: MapFacts; readonly definitions: Definitions },
  seen: Set<string>,
): readonly string[] {
  const { models, facts, definitions } = given;
  const key = keyOfShape(shape);
  if (seen.has(key)) return [];
  seen.add(key);
  const read = facts.read.get(key);
  const isLeftOut = (child: Child): boolean =>
    shape.structure.kind === 'logical' ? isInherited(child, definitions) : INFRASTRUCTURE.has(child.name);
  return models.childNames(shape).flatMap((name) => {
    const child = models.child(shape, name);
    // Choices are known by their own name and by one for each type.
    if (!child || child.name !== name || isLeftOut(child)) return [];
    const path = `${shown}.${name}`;
    if (!read?.has(name)) return [child.element?.modifier ? `${path} (a modifier)` : path];
    return child.alternatives.flatMap((each) => {
      const isInline =
        each.shape.structure.url === shape.structure.url && each.shape.path !== rootPath(shape.structure);
      const isEntered = facts.read.has(keyOfShape(each.shape));
      return isInline && isEntered ? unreadBelow(each.shape, path, given, seen) : [];
    });
  });
}

/** The source models of a map, each with the place that names it. */
function sourcesOf(map: MapTree, models: Models): readonly { shape: Shape; position: Position }[] {
  const parameters = map.groups[0]?.parameters.filter((each) => each.mode === 'source') ?? [];
  return parameters.flatMap((parameter) => {
    const uses =
      map.uses.find((each) => each.alias === parameter.type) ??
      (parameter.type === undefined ? map.uses.find((each) => each.mode === 'source') : undefined);
    const shape = models.find(uses?.url ?? parameter.type ?? '');
    return shape ? [{ shape, position: uses?.position ?? parameter.position }] : [];
  });
}

/**
 * Finds the elements that a map never reads, one diagnostic for each source model.
 *
 * @param readElsewhere elements of the first source that are read before the map runs
 */
export function findUnread(
  map: MapTree,
  facts: MapFacts,
  options: CompileOptions,
  { text, readElsewhere }: { readonly text: string; readonly readElsewhere: ReadonlySet<string> },
): readonly MapDiagnostic[] {
  const found: MapDiagnostic[] = [];
  const models = createModels(options.definitions, options.models);
  const ignored = readIgnored(text, map.position.file, found);
  for (const [index, { shape, position }] of sourcesOf(map, models).entries()) {
    const root = rootPath(shape.structure);
    const unread = unreadBelow(
      shape,
      root,
      { models, facts, definitions: options.definitions },
      new Set(),
    ).filter((shown) => {
      const [path = shown] = shown.split(' ');
      if (index === 0 && readElsewhere.has(path.slice(root.length + 1))) return false;
      const hits = ignored.filter((each) => matches(each.pattern, path));
      for (const hit of hits) hit.isUsed = true;
      return hits.length === 0;
    });
    if (unread.length > 0)
      found.push({ ...position, severity: 'warning', message: `no rule reads ${unread.join(', ')}` });
  }
  for (const { pattern, position, isUsed } of ignored)
    if (!isUsed)
      found.push({
        ...position,
        severity: 'warning',
        message: `'${pattern}' need not be ignored: it is read, or not there`,
      });
  return found;
}
