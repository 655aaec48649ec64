/** Static findings of a map, for editors and for `silta map check`. */
import type { CompileOptions } from '../../compile/compile-map.ts';
import { parseMap } from '../../language/parse-map.ts';
import type { MapTree } from '../../tree.ts';
import type { MapDiagnostic } from '../../types.ts';
import { collectFacts } from './collect-facts.ts';
import { findRepeats } from './find-repeats.ts';
import { findStrayCodes, type RowPlace } from './find-stray-codes.ts';
import { findUnreachable } from './find-unreachable.ts';
import { findUnread } from './find-unread.ts';
import { findUnset } from './find-unset.ts';
import { findUncalledGroups, findUnusedNames } from './find-unused.ts';

export interface CheckOptions extends CompileOptions {
  /** Whether source elements that no rule reads are findings, too. */
  readonly strict?: boolean;
  /** Elements of the first source that are read before the map runs: by a route's condition, for one. */
  readonly readElsewhere?: ReadonlySet<string>;
  /** Maps beside this one: a group that one of them calls is called. */
  readonly others?: readonly MapTree[];
  /** Where a row of a ConceptMap stands that is a file of its own. */
  readonly rowPlace?: RowPlace;
}

/**
 * Checks a map's text: its grammar, then everything that compiling finds, then what is required and never written, what
 * repeats where one value is taken, what can never be reached, codes outside value sets, and what is never used.
 *
 * @returns errors and warnings in the order of the text
 */
export function checkMap(text: string, file: string, options: CheckOptions): readonly MapDiagnostic[] {
  const { map, diagnostics } = parseMap(text, file);
  if (!map) return diagnostics;
  const others = (options.others ?? []).filter((each) => each.url !== map.url);
  const facts = collectFacts(map, options);
  const compiles = facts.problems.every((each) => each.severity !== 'error');
  const found = [
    ...diagnostics,
    ...facts.problems,
    ...findUncalledGroups(map, others),
    ...findUnusedNames(
      map,
      others.some((each) => imports(each, map.url)),
    ),
    ...findUnreachable(map, facts),
    ...findRepeats(map, facts),
    // Of a map that does not compile it is not known what all it reads and writes.
    ...(compiles ? findUnset(map, facts, options) : []),
    ...(compiles ? findStrayCodes(map, facts, options, options.rowPlace) : []),
    ...(compiles && options.strict
      ? findUnread(map, facts, options, { text, readElsewhere: options.readElsewhere ?? new Set() })
      : []),
  ];
  return found.toSorted((left, right) => left.line - right.line || left.column - right.column);
}

function imports(map: MapTree, url: string): boolean {
  return map.imports.some((each) => each.url === url || each.url.includes('*'));
}
