/** What a map writes, field by field: where each comes from, how, and when. For people who do not read FML. */
import type {
  ArgumentNode,
  GroupNode,
  MapTree,
  RuleNode,
  SourceNode,
  TargetNode,
  TransformNode,
} from '../tree.ts';
import type { Position } from '../types.ts';

export interface Field {
  /** Path of the element that is written, e.g. `Ticket.Name`. */
  readonly target: string;
  /** Paths of the elements it comes from; empty for a constant. */
  readonly sources: readonly string[];
  /** How the value is made, in a few words or in FHIRPath. */
  readonly how: string;
  /** What must hold for it, outermost first. */
  readonly when: readonly string[];
  readonly rule: string | undefined;
  readonly position: Position;
}

/** The paths that variables stand for. */
type Names = ReadonlyMap<string, string>;

interface Place {
  readonly names: Names;
  readonly when: readonly string[];
  /** Calls on the way, so that recursion ends. */
  readonly calls: readonly string[];
}

function showArgument(argument: ArgumentNode, names: Names): string {
  if (argument.kind === 'variable') return names.get(argument.name) ?? argument.name;
  if (argument.kind === 'expression') return argument.text.replace(/\s+/g, ' ');
  return typeof argument.value === 'string' ? `'${argument.value}'` : String(argument.value);
}

function describeTransform({ name, arguments: list }: TransformNode, names: Names): string {
  const [first, second] = list;
  const shown = list.map((argument) => showArgument(argument, names));
  if (name === 'copy') return first?.kind === 'literal' ? `always ${shown[0]}` : 'as it is';
  if (name === 'evaluate') return shown.join(', ');
  if (name === 'create') return `a new ${shown[0]?.replaceAll("'", '') ?? 'element'}`;
  if (name === 'translate' && second?.kind === 'literal')
    return `translated by ConceptMap ${String(second.value).replace(/^.*\//, '')}`;
  return `${name}(${shown.join(', ')})`;
}

/** The paths of the variables that a transform reads. */
function sourcesOf({ arguments: list }: TransformNode, names: Names): readonly string[] {
  const found = list.flatMap((argument) => {
    if (argument.kind === 'variable') return names.get(argument.name) ?? [];
    if (argument.kind === 'literal') return [];
    // A path behind a variable belongs to it: %task.identifier.value.
    return [...argument.text.matchAll(/%(\w+)((?:\.[A-Za-z]\w*(?!\w*\())*)/g)].flatMap(
      ([, name = '', path = '']) => {
        const known = names.get(name);
        return known === undefined ? [] : [`${known}${path}`];
      },
    );
  });
  return [...new Set(found)];
}

function pathOf(context: string, path: readonly string[], names: Names): string {
  return [names.get(context) ?? context, ...path].join('.');
}

function conditionsOf(source: SourceNode, path: string): readonly string[] {
  const short = (text: string): string => text.replace(/\s+/g, ' ');
  return [
    ...(source.type === undefined ? [] : [`${path} is a ${source.type}`]),
    ...(source.listMode === undefined ? [] : [`${source.listMode} of ${path}`]),
    ...(source.where ? [`${path}: ${short(source.where.text)}`] : []),
  ];
}

class FieldReader {
  readonly fields: Field[] = [];
  readonly #groups: ReadonlyMap<string, GroupNode>;

  constructor(groups: ReadonlyMap<string, GroupNode>) {
    this.#groups = groups;
  }

  group(group: GroupNode, place: Place): void {
    const base = group.extends === undefined ? undefined : this.#groups.get(group.extends);
    if (base)
      this.call(
        base,
        group.parameters.map((each) => place.names.get(each.name) ?? each.name),
        place,
      );
    for (const rule of group.rules) this.#rule(rule, place);
  }

  call(group: GroupNode, given: readonly string[], place: Place): void {
    const key = `${group.name}(${given.map((each) => each.replace(/\.(\w+)(\.\1)+/g, '.$1')).join(', ')})`;
    const depth = place.calls.filter((each) => each.startsWith(`${group.name}(`)).length;
    // A group that calls itself goes on as it began.
    if (place.calls.includes(key) || depth > 1) return;
    const names = new Map(group.parameters.map((each, index) => [each.name, given[index] ?? each.name]));
    this.group(group, { ...place, names, calls: [...place.calls, key] });
  }

  #rule(rule: RuleNode, outer: Place): void {
    const names = new Map(outer.names);
    const when = [...outer.when];
    const origins: string[] = [];
    for (const source of rule.sources) {
      const path = pathOf(source.context, source.path, names);
      origins.push(path);
      when.push(...conditionsOf(source, path));
      if (source.variable !== undefined) names.set(source.variable, path);
    }
    const place = { ...outer, names, when };
    for (const target of rule.targets) this.#target(rule, target, origins, place);
    for (const call of rule.dependents) {
      const group = this.#groups.get(call.group);
      if (group)
        this.call(
          group,
          call.arguments.map((each) => showArgument(each, names)),
          place,
        );
    }
    for (const inner of rule.rules) this.#rule(inner, place);
  }

  #target(
    rule: RuleNode,
    target: TargetNode,
    origins: readonly string[],
    { names, when }: Place & { readonly names: Map<string, string> },
  ): void {
    const { context, path, transform, variable, position } = target;
    const written = context === undefined ? (variable ?? '') : pathOf(context, path, names);
    if (variable !== undefined) names.set(variable, written);
    const isShortForm = rule.dependents.length === 0 && rule.rules.length === 0 && variable === undefined;
    if (!transform && !isShortForm) return;
    if (transform?.name === 'create' && variable !== undefined) return;
    this.fields.push({
      target: written,
      sources: transform ? sourcesOf(transform, names) : origins,
      how: transform ? describeTransform(transform, names) : 'as it is',
      when,
      rule: rule.name,
      position,
    });
  }
}

/**
 * Lists the fields that a map writes, in the order of its rules.
 *
 * @param imported maps whose groups it calls
 */
export function listFields(map: MapTree, imported: readonly MapTree[] = []): readonly Field[] {
  const groups = new Map(
    [...imported, map].flatMap((each) => each.groups.map((group) => [group.name, group])),
  );
  const reader = new FieldReader(groups);
  const [entry] = map.groups;
  if (!entry) return [];
  const names = new Map(entry.parameters.map((each) => [each.name, each.type ?? each.name]));
  reader.group(entry, { names, when: [], calls: [`${entry.name}(${[...names.values()].join(', ')})`] });
  return reader.fields;
}
