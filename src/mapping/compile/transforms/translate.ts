/**
 * `translate(code | Coding | CodeableConcept, conceptMap, output)`.
 *
 * Every group of the map is looked at. A code that the map has no answer for is an error, unless `unmapped` says what
 * to do. A code without a system that two groups translate differently is an error, too.
 *
 * @see https://hl7.org/fhir/R4/conceptmap.html
 */
import type { ConceptMap, ConceptMapGroup } from 'fhir/r4';
import { didYouMean } from '../../suggestion.ts';
import { type Frame, failAt, isObject, type JsonObject } from '../frame.ts';
import { type Call, compileArguments, literalText, shapesOf, type TransformCompiler } from './call.ts';

const OUTPUTS = {
  code: 'code',
  system: 'uri',
  display: 'string',
  Coding: 'Coding',
  CodeableConcept: 'CodeableConcept',
} as const;
type Output = keyof typeof OUTPUTS;

interface Concept {
  readonly system: string | undefined;
  readonly code: string;
  readonly display: string | undefined;
}

/** Equivalences that say that there is no such code on the other side. */
const NO_MATCH: ReadonlySet<string> = new Set(['unmatched', 'disjoint']);
const EXACT: ReadonlySet<string> = new Set(['equal', 'equivalent']);

interface Table {
  /** Answers by `system|code` and, for codes without a system, by `|code`. */
  readonly rows: ReadonlyMap<string, readonly Concept[]>;
  unmapped(concept: Concept): Concept | undefined;
}

function answerOf(group: ConceptMapGroup, element: ConceptMapGroup['element'][number]): Concept | undefined {
  const targets = (element.target ?? []).filter((target) => !NO_MATCH.has(target.equivalence) && target.code);
  const best = targets.find((target) => EXACT.has(target.equivalence)) ?? targets[0];
  return best?.code === undefined
    ? undefined
    : { system: group.target, code: best.code, display: best.display };
}

function sameConcept(left: Concept, right: Concept): boolean {
  return left.system === right.system && left.code === right.code;
}

function indexRows(map: ConceptMap): ReadonlyMap<string, readonly Concept[]> {
  const rows = new Map<string, Concept[]>();
  for (const group of map.group ?? []) {
    for (const element of group.element) {
      const answer = answerOf(group, element);
      if (!answer || element.code === undefined) continue;
      for (const key of new Set([`${group.source ?? ''}|${element.code}`, `|${element.code}`])) {
        const known = rows.get(key) ?? [];
        if (!known.some((each) => sameConcept(each, answer))) known.push(answer);
        rows.set(key, known);
      }
    }
  }
  return rows;
}

/** Reads a ConceptMap once; `find` answers the maps that `other-map` points to. */
function readTable(map: ConceptMap, find: (url: string) => ConceptMap | undefined, depth = 0): Table {
  const answers = (map.group ?? []).flatMap((group) => {
    const { unmapped } = group;
    if (!unmapped) return [];
    const other = unmapped.mode === 'other-map' && unmapped.url && depth < 8 ? find(unmapped.url) : undefined;
    const table = other && readTable(other, find, depth + 1);
    const answer = (concept: Concept): Concept | undefined => {
      if (unmapped.mode === 'provided') return { ...concept, system: group.target ?? concept.system };
      if (unmapped.mode === 'fixed' && unmapped.code)
        return { system: group.target, code: unmapped.code, display: unmapped.display };
      return table && lookUp(table, concept)[0];
    };
    return [{ source: group.source, answer }];
  });
  return {
    rows: indexRows(map),
    unmapped: (concept) =>
      answers
        .find((each) => !each.source || concept.system === undefined || each.source === concept.system)
        ?.answer(concept),
  };
}

function lookUp(table: Table, concept: Concept): readonly Concept[] {
  const found = table.rows.get(`${concept.system ?? ''}|${concept.code}`);
  if (found) return found;
  const answer = table.unmapped(concept);
  return answer ? [answer] : [];
}

/** The codes in what is translated. */
function conceptsOf(value: unknown, call: Call): readonly Concept[] {
  if (typeof value === 'string') return [{ system: undefined, code: value, display: undefined }];
  if (!isObject(value)) return failAt(call.site, 'translate() needs a code, a Coding or a CodeableConcept');
  if (Array.isArray(value['coding'])) return value['coding'].flatMap((coding) => conceptsOf(coding, call));
  const { system, code, display } = value;
  if (typeof code !== 'string') return [];
  return [
    {
      system: typeof system === 'string' ? system : undefined,
      code,
      display: typeof display === 'string' ? display : undefined,
    },
  ];
}

function codingOf({ system, code, display }: Concept): JsonObject {
  return { ...(system !== undefined && { system }), code, ...(display !== undefined && { display }) };
}

function write(concept: Concept, output: Output): unknown {
  if (output === 'Coding') return codingOf(concept);
  return output === 'CodeableConcept' ? { coding: [codingOf(concept)] } : concept[output];
}

function chooseAnswer(
  concepts: readonly Concept[],
  table: Table,
  call: Call,
  frame: Frame,
  url: string,
): Concept {
  for (const concept of concepts) {
    const answers = lookUp(table, concept);
    if (answers.length > 1)
      failAt(
        call.site,
        `the code '${concept.code}' has ${answers.length} translations in ${url}: give its system`,
      );
    if (!answers[0]) continue;
    frame.run.observer?.translated?.(url, concept.system, concept.code);
    return answers[0];
  }
  const codes = concepts.map((concept) => `'${concept.code}'`).join(', ');
  return failAt(
    call.site,
    codes === '' ? `there is no code to translate by ${url}` : `${url} has no translation of ${codes}`,
  );
}

function outputOf(call: Call): Output | undefined {
  const name = call.node.arguments.length === 3 ? literalText(call, 2) : 'code';
  if (name === undefined) return undefined;
  const known = Object.keys(OUTPUTS) as Output[];
  const output = known.find((each) => each === name || each.toLowerCase() === name.toLowerCase());
  if (!output)
    call.scope.error(
      call.node.position,
      `translate() gives ${known.join(', ')}, not '${name}'`,
      didYouMean(name, known),
    );
  return output;
}

/** Compiles `translate`; an unknown ConceptMap is a diagnostic. */
export const compileTranslate: TransformCompiler = (call) => {
  const { scope, node } = call;
  const [source] = compileArguments(call, 2, 3) ?? [];
  const url = source && literalText(call, 1);
  const output = outputOf(call);
  if (!source || url === undefined || output === undefined) return undefined;
  const find = (wanted: string): ConceptMap | undefined => scope.build.conceptMap(wanted, scope.entry.map);
  const map = find(url);
  if (!map) {
    const known = scope.entry.map.conceptMaps.map((each) => `#${each.id}`);
    scope.error(node.position, `the ConceptMap ${url} is not known`, didYouMean(url, known));
    return undefined;
  }
  const table = readTable(map, find);
  return {
    shapes: shapesOf(scope, OUTPUTS[output]),
    value: (frame) => {
      const value = source.value(frame);
      if (value === undefined || value === null) return undefined;
      return write(chooseAnswer(conceptsOf(value, call), table, call, frame, url), output);
    },
    ...(source.from && { from: source.from }),
  };
};
