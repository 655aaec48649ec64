/**
 * Reads `_include` and `_revinclude`: `Type:parameter`, `Type:parameter:target`, `Type:*` and `*`.
 * @see https://hl7.org/fhir/R4/search.html#include
 */
import type { IndexedParameter } from './index-plan.ts';
import { malformed, requireModifier } from './search-input.ts';
import { findParameter } from './search-parameter.ts';
import type { SearchScope } from './search-scope.ts';
import type { SearchQuery } from './types.ts';

export interface Include {
  readonly reverse: boolean;
  /** Whether it applies to what was included, too. */
  readonly iterate: boolean;
  /** The references that are followed. */
  readonly parameters: readonly IndexedParameter[];
  /** Confines the type of what is referred to. */
  readonly target?: string;
}

const NAME = /^(_include|_revinclude)(?::(.*))?$/;

/** Whether a parameter is an include, whatever its modifier. */
export function isInclude(name: string): boolean {
  return NAME.test(name);
}

/**
 * @param types the types that are searched
 * @throws SiltaError `invalid-parameter`
 */
export function readInclude(
  scope: SearchScope,
  types: readonly string[],
  [name, value]: readonly [name: string, value: string],
  includable?: SearchQuery['includable'],
): Include {
  const [, code = '', modifier] = NAME.exec(name) ?? [];
  requireModifier({ name, code, values: [], ...(modifier !== undefined && { modifier }) }, ['iterate']);
  const reverse = code === '_revinclude';
  const iterate = modifier === 'iterate';
  const { resourceTypes } = scope.definitions;
  if (value === '*') {
    const sources =
      reverse || iterate ? [...(includable?.[reverse ? 'referring' : 'referred'] ?? resourceTypes)] : types;
    return { reverse, iterate, parameters: sources.flatMap((type) => everyReference(scope, type)) };
  }
  const [source = '', parameter = '', target, ...more] = value.split(':');
  if (!resourceTypes.has(source) || parameter === '' || more.length > 0) {
    throw malformed(name, "the form is 'Type:parameter', 'Type:parameter:target', 'Type:*' or '*'");
  }
  if (!reverse && !iterate && !types.includes(source)) {
    throw malformed(name, `the first type must be ${types.join(' or ')}, which is searched`);
  }
  if (target !== undefined && !resourceTypes.has(target))
    throw malformed(name, 'the target is no resource type');
  return {
    reverse,
    iterate,
    parameters:
      parameter === '*' ? everyReference(scope, source) : [findReference(scope, name, source, parameter)],
    ...(target !== undefined && { target }),
  };
}

function findReference(scope: SearchScope, name: string, source: string, code: string): IndexedParameter {
  const parameter = findParameter(scope, source, code);
  if (parameter.definition.type !== 'reference') throw malformed(name, `'${code}' is no reference`);
  return parameter;
}

const everyReference = (scope: SearchScope, type: string): readonly IndexedParameter[] =>
  scope.planOf(type).written.filter(({ definition }) => definition.type === 'reference');
