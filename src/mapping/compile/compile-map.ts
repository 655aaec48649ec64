/** Maps as functions: everything is resolved and checked once; running is calling closures. */
import type { ConceptMap, StructureMap } from 'fhir/r4';
import type { Definitions, Structure } from '../../definitions/index.ts';
import { toConceptMap } from '../structure-map/concept-map.ts';
import { toStructureMap } from '../structure-map/to-structure-map.ts';
import { didYouMean } from '../suggestion.ts';
import type { MapTree } from '../tree.ts';
import {
  type CompiledMap,
  MapCompileError,
  type MapDiagnostic,
  type Position,
  type TraceLine,
} from '../types.ts';
import { compileGroup } from './compile-group.ts';
import { compileExpression } from './expression.ts';
import { createModels, type Models, type Shape } from './model.ts';
import { type Program, runProgram } from './run-program.ts';
import { type Build, type GroupEntry, Scope } from './scope.ts';
import type { Witness } from './witness.ts';

/** What a map is compiled with. */
export interface CompileOptions {
  readonly definitions: Definitions;
  /** Further models, e.g. of a connected system: `compileStructure` of the definitions makes them. */
  readonly models?: readonly Structure[];
  /** A map by the URL of an `imports`. With a `*` in the URL, `mapUrls` tells which there are. */
  readonly maps?: (url: string) => MapTree | undefined;
  readonly mapUrls?: readonly string[];
  readonly conceptMaps?: (url: string) => ConceptMap | undefined;
  /** Where `log` writes. */
  readonly log?: (message: string, position: Position) => void;
  /** Told of what the map reads and writes, while it is compiled. */
  readonly witness?: Witness;
}

/** The maps that a map imports, and those that they import. */
function collectMaps(
  map: MapTree,
  options: CompileOptions,
  diagnostics: MapDiagnostic[],
): readonly MapTree[] {
  const found = new Map([[map.url, map]]);
  const visit = (tree: MapTree): void => {
    for (const { url, position } of tree.imports) {
      const pattern = new RegExp(`^${url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
      const urls = url.includes('*') ? (options.mapUrls ?? []).filter((known) => pattern.test(known)) : [url];
      if (urls.length === 0)
        diagnostics.push({ ...position, severity: 'warning', message: `no map matches ${url}` });
      for (const each of urls) {
        if (found.has(each)) continue;
        const imported = options.maps?.(each);
        if (imported) {
          found.set(each, imported);
          visit(imported);
        } else {
          const known = didYouMean(each, options.mapUrls ?? []);
          diagnostics.push({
            ...position,
            severity: 'error',
            message: `the map ${each} is not known`,
            ...known,
          });
        }
      }
    }
  };
  visit(map);
  return [...found.values()];
}

function indexGroups(
  maps: readonly MapTree[],
  diagnostics: MapDiagnostic[],
): ReadonlyMap<string, GroupEntry> {
  const groups = new Map<string, GroupEntry>();
  for (const map of maps) {
    for (const group of map.groups) {
      const known = groups.get(group.name);
      if (!known) groups.set(group.name, { group, map });
      else if (known.map === map)
        diagnostics.push({
          ...group.position,
          severity: 'error',
          message: `there are two groups '${group.name}'`,
        });
    }
  }
  return groups;
}

function checkUses(maps: readonly MapTree[], models: Models, diagnostics: MapDiagnostic[]): void {
  for (const uses of maps.flatMap((map) => map.uses)) {
    if (!models.find(uses.url))
      diagnostics.push({
        ...uses.position,
        severity: 'error',
        message: `the model ${uses.url} is not known`,
      });
  }
}

/** The type of a parameter of the first group: as declared, or the only model that the map uses in this mode. */
function entryShapes(build: Build, entry: GroupEntry): readonly (readonly Shape[])[] {
  const scope = new Scope(build, entry);
  return entry.group.parameters.map((parameter) => {
    if (parameter.type !== undefined) {
      const shape = scope.type(parameter.type, parameter.position);
      return shape ? [shape] : [];
    }
    const uses = entry.map.uses.filter((each) => each.mode === parameter.mode);
    const shape = uses.length === 1 && uses[0] ? build.models.find(uses[0].url) : undefined;
    if (!shape && parameter.mode === 'target')
      scope.error(parameter.position, `the type of '${parameter.name}' is not known`, {
        suggestion: `${parameter.name} : Type`,
      });
    return shape ? [shape] : [];
  });
}

/** Compiles the groups that no rule calls, so that they are checked, too. */
function checkUncalled(build: Build): void {
  const called = new Set([...build.code.keys()].map((key) => key.split(' ').slice(0, 2).join(' ')));
  for (const group of build.map.groups) {
    const entry = { group, map: build.map };
    if (called.has(`${build.map.url} ${group.name}`)) continue;
    if (group.parameters.some((parameter) => parameter.type === undefined)) continue;
    build.group(entry, entryShapes(build, entry));
  }
}

function build(
  map: MapTree,
  options: CompileOptions,
  instrumented: boolean,
): Program | readonly MapDiagnostic[] {
  const diagnostics: MapDiagnostic[] = [];
  const models = createModels(options.definitions, options.models);
  const maps = collectMaps(map, options, diagnostics);
  const groups = indexGroups(maps, diagnostics);
  checkUses(maps, models, diagnostics);
  const shared: Build = {
    models,
    map,
    diagnostics,
    instrumented,
    ...(options.witness && { witness: options.witness }),
    groups,
    constants: new Map(maps.flatMap((each) => each.constants).map((each) => [each.name, each.expression])),
    conceptMap: (url, from) => {
      if (!url.startsWith('#')) return options.conceptMaps?.(url);
      const node = from.conceptMaps.find((each) => `#${each.id}` === url);
      return node && toConceptMap(node);
    },
    log: options.log ?? (() => undefined),
    code: new Map(),
    group: (each, shapes) => compileGroup(each, shapes, shared),
  };
  const [entry] = map.groups;
  if (!entry)
    throw new MapCompileError([{ ...map.position, severity: 'error', message: 'the map has no group' }]);
  const scope = new Scope(shared, { group: entry, map });
  const constants = [...shared.constants].flatMap(([name, node]) => {
    const expression = compileExpression(node, {
      scope,
      site: { position: node.position, rule: undefined },
      shapes: [],
    });
    return expression ? [{ name, expression }] : [];
  });
  const shapes = entryShapes(shared, { group: entry, map });
  for (const [index, { mode }] of entry.parameters.entries())
    if (mode === 'target') for (const shape of shapes[index] ?? []) shared.witness?.made?.(shape);
  const code = shared.group({ group: entry, map }, shapes);
  checkUncalled(shared);
  return diagnostics.some((each) => each.severity === 'error')
    ? diagnostics
    : { build: shared, entry, code, constants };
}

/**
 * Compiles a map to a function of closures, checked against the models on both sides.
 *
 * @throws MapCompileError with every diagnostic: unknown elements, variables, groups, transforms, types, maps and
 *   ConceptMaps, types that do not go together
 * @see https://build.fhir.org/mapping-language.html
 */
export function compileMap(map: MapTree, options: CompileOptions): CompiledMap {
  const program = build(map, options, false);
  if (!('code' in program)) throw new MapCompileError(program);
  let observed: Program | undefined;
  const observe: CompiledMap['observe'] = (sources, environment, observer) => {
    observed ??= build(map, options, true) as Program;
    return runProgram(observed, sources, environment, observer);
  };
  const version = map.metadata.find((each) => each.key === 'version')?.value;
  let structureMap: StructureMap | undefined;
  return {
    url: map.url,
    name: map.name,
    version: version === undefined ? undefined : String(version),
    get structureMap() {
      structureMap ??= toStructureMap(map);
      return structureMap;
    },
    sources: program.entry.parameters.flatMap((each) => (each.mode === 'source' ? [each.name] : [])),
    warnings: program.build.diagnostics,
    run: (sources, environment) => runProgram(program, sources, environment),
    observe,
    trace: (sources, environment) => {
      const trace: TraceLine[] = [];
      return { result: observe(sources, environment, { wrote: (line) => trace.push(line) }), trace };
    },
  };
}

/** Every static finding of a map, errors and warnings, without making anything of it. */
export function findProblems(map: MapTree, options: CompileOptions): readonly MapDiagnostic[] {
  const program = build(map, options, false);
  return 'code' in program ? program.build.diagnostics : program;
}
