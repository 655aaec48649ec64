/**
 * A StructureMap in the shape of R5. What R5 has no element or code for is kept in R4's cross-version extensions.
 *
 * @see https://hl7.org/fhir/R5/structuremap.html
 * @see https://hl7.org/fhir/R5/structuremap-mappings.html
 */
import type {
  ConceptMap,
  Extension,
  StructureMapGroupRuleDependent as R4Dependent,
  StructureMapGroup as R4Group,
  StructureMapGroupRule as R4Rule,
  StructureMapGroupRuleSource as R4Source,
  StructureMap as R4StructureMap,
  StructureMapGroupRuleTarget as R4Target,
} from 'fhir/r4';
import { toR5ConceptMap } from './concept-map-to-r5.ts';
import {
  COLLATE_EXTENSION,
  CONSTANT_EXTENSION,
  DEFAULT_EXTENSION,
  DEPENDENT_EXTENSION,
  LITERAL_DEFAULT_EXTENSION,
  SINGLE_EXTENSION,
  UNNAMED_RULE,
} from './vocabulary.ts';

/** The type definitions at hand are those of R4. */
type Json = Readonly<Record<string, unknown>>;

/** Extensions but those whose content has an element of its own in R5. */
function others(
  extension: readonly Extension[] | undefined,
  ...urls: readonly string[]
): { readonly extension?: readonly Extension[] } {
  const kept = (extension ?? []).filter(({ url }) => !urls.includes(url));
  return kept.length > 0 ? { extension: kept } : {};
}

/** The values of an extension but its URL: `{ valueString: … }`. */
function withoutUrl({ url: _, ...value }: Extension): Json {
  return value;
}

/** R5 has an expression; that it was a literal, and of which type, is said beside it. */
function defaultOf(source: R4Source): {
  readonly extension?: readonly Json[];
  readonly defaultValue?: string;
} {
  const expression = source.extension?.find(({ url }) => url === DEFAULT_EXTENSION)?.valueString;
  if (expression !== undefined) return { defaultValue: expression };
  const found = Object.entries(source).find(([key]) => key.startsWith('defaultValue'));
  if (!found) return {};
  const [key, value] = found;
  const text = typeof value === 'string' ? `'${value.replace(/['\\]/g, '\\$&')}'` : String(value);
  return {
    extension: [{ url: LITERAL_DEFAULT_EXTENSION, [key.replace('defaultV', 'v')]: value }],
    defaultValue: text,
  };
}

function sourceOf(source: R4Source): Json {
  const { context, min, max, type, element, listMode, variable, condition, check, logMessage } = source;
  const { extension, defaultValue } = defaultOf(source);
  return {
    ...(extension && { extension }),
    context,
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(type !== undefined && { type }),
    ...(defaultValue !== undefined && { defaultValue }),
    ...(element !== undefined && { element }),
    ...(listMode !== undefined && { listMode }),
    ...(variable !== undefined && { variable }),
    ...(condition !== undefined && { condition }),
    ...(check !== undefined && { check }),
    ...(logMessage !== undefined && { logMessage }),
  };
}

/** R5 has the list mode `single` in place of `collate`. */
function targetOf(target: R4Target): Json {
  const {
    extension,
    contextType: _,
    listMode: modes = [],
    listRuleId,
    transform,
    parameter,
    ...head
  } = target;
  const isSingle = extension?.some(({ url }) => url === SINGLE_EXTENSION);
  const known = modes.flatMap((mode) => (mode === 'collate' ? [] : [mode]));
  const listMode = isSingle ? [...known, 'single' as const] : known;
  return {
    ...(modes.includes('collate') && { extension: [{ url: COLLATE_EXTENSION, valueCode: 'collate' }] }),
    ...head,
    ...(listMode.length > 0 && { listMode }),
    ...(listRuleId !== undefined && { listRuleId }),
    ...(transform !== undefined && { transform }),
    ...(parameter && { parameter }),
  };
}

function dependentOf({ extension, name, variable }: R4Dependent): Json {
  const typed = extension?.filter(({ url }) => url === DEPENDENT_EXTENSION).map(withoutUrl);
  return { name, parameter: typed ?? variable.map((valueId) => ({ valueId })) };
}

function ruleOf(rule: R4Rule): Json {
  const isUnnamed = rule.extension?.some(({ url }) => url === UNNAMED_RULE);
  return {
    ...others(rule.extension, UNNAMED_RULE),
    ...(!isUnnamed && { name: rule.name }),
    source: rule.source.map(sourceOf),
    ...(rule.target && { target: rule.target.map(targetOf) }),
    ...(rule.rule && { rule: rule.rule.map(ruleOf) }),
    ...(rule.dependent && { dependent: rule.dependent.map(dependentOf) }),
    ...(rule.documentation !== undefined && { documentation: rule.documentation }),
  };
}

function groupOf({ typeMode, rule, name, extends: base, ...more }: R4Group): Json {
  return {
    name,
    ...(base !== undefined && { extends: base }),
    ...(typeMode !== 'none' && { typeMode }),
    ...more,
    rule: rule.map(ruleOf),
  };
}

function constantOf({ extension = [] }: Extension): Json {
  const [name, value] = extension;
  return { name: name?.valueId ?? '', value: value?.valueString ?? '' };
}

/**
 * Gives a StructureMap the shape of R5; reading that gives the same map.
 *
 * @param map as `toStructureMap` writes it
 */
export function toR5(map: R4StructureMap): Json {
  const { resourceType, text, contained, extension, group, structure, import: imports, ...head } = map;
  const constants = extension?.filter(({ url }) => url === CONSTANT_EXTENSION).map(constantOf) ?? [];
  const conceptMaps = contained?.flatMap((each) =>
    each.resourceType === 'ConceptMap' ? [toR5ConceptMap(each as ConceptMap)] : [],
  );
  return {
    resourceType,
    ...(text && { text }),
    ...(conceptMaps && { contained: conceptMaps }),
    ...others(extension, CONSTANT_EXTENSION),
    ...head,
    ...(structure && { structure }),
    ...(imports && { import: imports }),
    ...(constants.length > 0 && { const: constants }),
    group: group.map(groupOf),
  };
}
