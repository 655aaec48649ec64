/** Rows of ConceptMaps whose codes are outside the value sets of the elements on both sides. */
import type { ConceptMap } from 'fhir/r4';
import type { CompileOptions } from '../../compile/compile-map.ts';
import type { Child } from '../../compile/model.ts';
import { toConceptMap } from '../../structure-map/concept-map.ts';
import type { MapTree, RuleNode, SourceNode, TransformNode } from '../../tree.ts';
import type { MapDiagnostic, Position } from '../../types.ts';
import type { MapFacts } from './collect-facts.ts';

/** Where a row of a ConceptMap stands, when it is a file of its own. */
export type RowPlace = (url: string, code: string) => Position | undefined;

interface Side {
  readonly valueSet: string | undefined;
  readonly word: 'source' | 'target';
}

/** Only a required binding rules codes out. */
function requiredSet(child: Child | undefined): string | undefined {
  const binding = child?.element?.binding;
  return binding?.strength === 'required' ? binding.valueSet : undefined;
}

/** The element that the translated variable was read from. */
function sourceElement(
  transform: TransformNode,
  sources: readonly SourceNode[],
  facts: MapFacts,
): Child | undefined {
  const [argument] = transform.arguments;
  if (argument?.kind !== 'variable') return undefined;
  const node = sources.findLast((each) => each.variable === argument.name);
  return node && facts.source(node.position).at(-1);
}

interface Row {
  readonly code: string | undefined;
  readonly system: string | undefined;
  /** The code that the row is known by. */
  readonly key: string;
}

function rowsOf(map: ConceptMap, word: Side['word']): readonly Row[] {
  return (map.group ?? []).flatMap((group) =>
    group.element.flatMap((element): Row[] => {
      const key = element.code ?? '';
      if (word === 'source') return [{ code: element.code, system: group.source, key }];
      return (element.target ?? []).map(({ code }) => ({ code, system: group.target, key }));
    }),
  );
}

class StrayCodes {
  readonly found: MapDiagnostic[] = [];
  readonly #map: MapTree;
  readonly #facts: MapFacts;
  readonly #options: CompileOptions;
  readonly #rowPlace: RowPlace;

  constructor(map: MapTree, facts: MapFacts, options: CompileOptions, rowPlace: RowPlace) {
    this.#map = map;
    this.#facts = facts;
    this.#options = options;
    this.#rowPlace = rowPlace;
  }

  look(rule: RuleNode, above: readonly SourceNode[]): void {
    const sources = [...above, ...rule.sources];
    for (const { transform, position } of rule.targets) {
      const url = transform?.arguments[1];
      if (transform?.name !== 'translate' || url?.kind !== 'literal') continue;
      const from = requiredSet(sourceElement(transform, sources, this.#facts));
      this.#judge(String(url.value), position, { valueSet: from, word: 'source' });
      const output = transform.arguments[2];
      if (output === undefined || (output.kind === 'literal' && output.value === 'code')) {
        const to = requiredSet(this.#facts.target(position));
        this.#judge(String(url.value), position, { valueSet: to, word: 'target' });
      }
    }
    for (const inner of rule.rules) this.look(inner, sources);
  }

  #judge(url: string, called: Position, { valueSet, word }: Side): void {
    const codes = valueSet === undefined ? undefined : this.#options.definitions.valueSet(valueSet);
    const node = this.#map.conceptMaps.find((each) => `#${each.id}` === url);
    const conceptMap = node ? toConceptMap(node) : this.#options.conceptMaps?.(url);
    if (!codes || !conceptMap) return;
    for (const { code, system, key } of rowsOf(conceptMap, word)) {
      const isOf = system !== undefined && codes.systems.includes(system) ? system : undefined;
      if (code === undefined || codes.has(code, isOf)) continue;
      const row = node?.rows.find((each) => each.sourceCode === key);
      this.found.push({
        ...(row?.position ?? this.#rowPlace(url, key) ?? called),
        severity: 'warning',
        message: `ConceptMap ${url}: the ${word} code '${code}' is not in ${valueSet}`,
      });
    }
  }
}

/** Finds codes of ConceptMaps that the elements they are translated from and to cannot hold. */
export function findStrayCodes(
  map: MapTree,
  facts: MapFacts,
  options: CompileOptions,
  rowPlace: RowPlace = () => undefined,
): readonly MapDiagnostic[] {
  const stray = new StrayCodes(map, facts, options, rowPlace);
  for (const group of map.groups) for (const rule of group.rules) stray.look(rule, []);
  return stray.found;
}
