// https://hl7.org/fhir/R4/conceptmap-operation-translate.html
import type { CodeableConcept, ConceptMap, ParametersParameter } from 'fhir/r4';
import { SiltaError } from '../../outcome.ts';
import type { Coding } from '../../resource.ts';
import {
  isTranslation,
  type Match,
  type TranslateQuestion,
  translateCodings,
} from '../../terminology/index.ts';
import { HL7_OPERATION } from '../operation-definition.ts';
import type { OperationInput } from '../operation-input.ts';
import type { Interact } from '../types.ts';
import {
  answerCodes,
  type CodeOperation,
  openCodeOperation,
  readCodings,
  readSubject,
  withVersion,
} from './open-operation.ts';

/** Maps that one map may send on to, one after the other. */
const MOST_FOLLOWED = 5;

/** `ConceptMap/$translate`: by one map, or by every map between what is named. */
export const translate: Interact = async (request, session) => {
  const operation = openCodeOperation(request, session, `${HL7_OPERATION}/ConceptMap-translate`);
  const { input } = operation;
  const codings = readCodings(input, input.text('system'));
  if (codings.length === 0) throw new SiltaError('invalid-parameter', 'There is no code to translate.');
  if (input.has('code') && !input.has('system')) {
    throw new SiltaError('invalid-parameter', "With 'code' the parameter 'system' must be given.");
  }
  const question = questionOf(input, codings);
  const maps = (await findMaps(operation, question)).filter((map) => isBetween(map, input));
  const matches = await followMaps(operation, maps, question);
  return answerCodes(operation, 'translate', describeMatches(matches, maps.length));
};

function questionOf(input: OperationInput, codings: readonly Coding[]): TranslateQuestion {
  const targetSystem = input.text('targetsystem');
  return {
    codings,
    reverse: input.flag('reverse') === true,
    ...(targetSystem !== undefined && { targetSystem }),
    dependencies: input.parts('dependency').map((part) => ({
      element: part.text('element') ?? '',
      concept: part.concept('concept') ?? ({} as CodeableConcept),
    })),
  };
}

/** @throws SiltaError `not-found` when the map that is named is not known */
async function findMaps(
  operation: CodeOperation,
  question: TranslateQuestion,
): Promise<readonly ConceptMap[]> {
  const { input, request } = operation;
  if (request.id === '' && input.has('url') && input.has('conceptMap')) {
    throw new SiltaError('invalid-parameter', "Give either 'url' or 'conceptMap'.");
  }
  const subject = (await readSubject(operation, 'conceptMap')) as ConceptMap | undefined;
  if (subject) return [subject];
  const url = input.text('url');
  if (url === undefined) return findMapsOf(operation, question);
  const found = await resolveMap(operation, withVersion(url, input.text('conceptMapVersion')));
  if (found) return [found];
  throw new SiltaError('not-found', 'This concept map is not known here, in this version at least.');
}

async function resolveMap(
  { stored, session }: CodeOperation,
  canonical: string,
): Promise<ConceptMap | undefined> {
  return (await stored.conceptMap(canonical)) ?? session.rest.terminology.builtIn.conceptMap(canonical);
}

/** Every map that has a group of the codings' systems; a stored one comes before a built-in one of its URL. */
async function findMapsOf(
  { stored, session }: CodeOperation,
  { codings, reverse }: TranslateQuestion,
): Promise<readonly ConceptMap[]> {
  const systems = [...new Set(codings.flatMap(({ system }) => system ?? []))];
  if (systems.length === 0) {
    throw new SiltaError('invalid-parameter', "Without 'url' the coding must say its system.");
  }
  const found: ConceptMap[] = [];
  for (const system of systems) {
    found.push(...(await stored.conceptMapsOf(reverse ? 'target-system' : 'source-system', system)));
  }
  const { builtIn } = session.rest.terminology;
  const own = new Set(found.map(({ url }) => url));
  const others = builtIn
    .conceptMapUrls()
    .flatMap((url) => (own.has(url) ? [] : (builtIn.conceptMap(url) ?? [])));
  const isOf = (map: ConceptMap) =>
    (map.group ?? []).some(({ source, target }) => systems.includes((reverse ? target : source) ?? ''));
  return [
    ...new Map([...found, ...others.filter(isOf)].map((map) => [map.id ?? map.url, map])).values(),
  ].filter(({ status }) => status !== 'retired');
}

/** Whether the map is between the value sets that are named, where some are. */
function isBetween(map: ConceptMap, input: OperationInput): boolean {
  const same = (asked: string | undefined, ...stated: readonly (string | undefined)[]) =>
    asked === undefined || stated.some((each) => each === asked || each?.split('|', 1)[0] === asked);
  return (
    same(input.text('source'), map.sourceUri, map.sourceCanonical) &&
    same(input.text('target'), map.targetUri, map.targetCanonical)
  );
}

async function followMaps(
  operation: CodeOperation,
  maps: readonly ConceptMap[],
  question: TranslateQuestion,
): Promise<readonly Match[]> {
  const matches: Match[] = [];
  let next = maps;
  for (let followed = 0; followed <= MOST_FOLLOWED && next.length > 0; followed++) {
    const found = translateCodings(next, question);
    matches.push(...found.filter(({ otherMap }) => otherMap === undefined));
    const others = [...new Set(found.flatMap(({ otherMap }) => otherMap ?? []))];
    next = (await Promise.all(others.map((each) => resolveMap(operation, each)))).flatMap((map) => map ?? []);
  }
  return matches;
}

function describeMatches(matches: readonly Match[], maps: number): readonly ParametersParameter[] {
  const result = matches.some(isTranslation);
  const reason =
    maps === 0 ? 'No concept map known here is from this system.' : 'The concept map has no translation.';
  return [
    { name: 'result', valueBoolean: result },
    ...(result ? [] : [{ name: 'message', valueString: reason }]),
    ...matches.map((match) => ({ name: 'match', part: describeMatch(match) })),
  ];
}

function describeMatch({ equivalence, concept, product, source }: Match): ParametersParameter[] {
  return [
    { name: 'equivalence', valueCode: equivalence },
    ...(concept ? [{ name: 'concept', valueCoding: { ...concept } }] : []),
    ...product.map((each) => ({
      name: 'product',
      part: [
        { name: 'element', valueUri: each.element },
        { name: 'concept', valueCoding: { ...each.concept } },
      ],
    })),
    ...(source === undefined ? [] : [{ name: 'source', valueUri: source }]),
  ];
}
