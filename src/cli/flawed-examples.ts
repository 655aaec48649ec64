/**
 * Examples of HL7's package (4.0.1) that break R4's own rules. One counts as such only when it is refused for what is
 * recorded here and for nothing else, and R4's definitions have the rule: neither this list nor the validator is
 * believed alone.
 */
import type { Definitions, Structure } from '../definitions/index.ts';
import type { Resource } from '../resource.ts';

/** An element as it is in definitions, and the rule that an example breaks there. */
type Flaw = { readonly element: string } & (
  | { readonly rule: 'required' }
  | { readonly rule: 'target'; readonly refersTo: string }
  | { readonly rule: 'invariant'; readonly key: string }
  | { readonly rule: 'id' }
  | { readonly rule: 'base'; readonly type: string; readonly missing: string }
  | { readonly rule: 'search type'; readonly parameters: readonly `${string}-${string}`[] }
);

const required = (...elements: readonly string[]): readonly Flaw[] =>
  elements.map((element) => ({ element, rule: 'required' }));
const target = (element: string, refersTo: string): readonly Flaw[] => [
  { element, rule: 'target', refersTo },
];
const invariant = (element: string, key: string): readonly Flaw[] => [{ element, rule: 'invariant', key }];
const searchType = (...parameters: readonly `${string}-${string}`[]): readonly Flaw[] => [
  { element: 'CapabilityStatement.rest.resource.searchParam.type', rule: 'search type', parameters },
];
const GUIDE = required('ImplementationGuide.name', 'ImplementationGuide.status');
const BASE = required('SearchParameter.base');
const ABSTRACT = invariant('StructureDefinition', 'sdf-4');

/** By file. */
const FLAWS: Readonly<Record<string, readonly Flaw[]>> = {
  'CapabilityStatement-knowledge-repository.json': searchType(
    'ActivityDefinition-version',
    'Library-version',
    'Measure-version',
    'PlanDefinition-version',
    'Questionnaire-version',
  ),
  'CapabilityStatement-measure-processor.json': searchType('Measure-version'),
  'CapabilityStatement-terminology-server.json': searchType(
    'ConceptMap-source',
    'ConceptMap-target',
    'ValueSet-reference',
  ),
  'DeviceMetric-example.json': target('DeviceMetric.parent', 'DeviceDefinition'),
  'DeviceUseStatement-example.json': target('DeviceUseStatement.reasonReference', 'Procedure'),
  'ImplementationGuide-fhir.json': GUIDE,
  'ig-r4.json': GUIDE,
  'MedicationRequest-medrx0301.json': target('MedicationRequest.dispenseRequest.performer', 'Practitioner'),
  'Observation-clinical-gender.json': target('Observation.performer', 'Encounter'),
  'Questionnaire-qs1.json': required('Questionnaire.item.linkId'),
  'SearchParameter-codesystem-extensions-CodeSystem-author.json': BASE,
  'SearchParameter-codesystem-extensions-CodeSystem-effective.json': BASE,
  'SearchParameter-codesystem-extensions-CodeSystem-end.json': BASE,
  'SearchParameter-codesystem-extensions-CodeSystem-keyword.json': BASE,
  'SearchParameter-codesystem-extensions-CodeSystem-workflow.json': BASE,
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json': [
    { element: 'SearchParameter.id', rule: 'id' },
  ],
  'SearchParameter-valueset-extensions-ValueSet-author.json': BASE,
  'SearchParameter-valueset-extensions-ValueSet-effective.json': BASE,
  'SearchParameter-valueset-extensions-ValueSet-end.json': BASE,
  'SearchParameter-valueset-extensions-ValueSet-keyword.json': BASE,
  'SearchParameter-valueset-extensions-ValueSet-workflow.json': BASE,
  'StructureDefinition-Definition.json': ABSTRACT,
  'StructureDefinition-Event.json': ABSTRACT,
  'StructureDefinition-FiveWs.json': ABSTRACT,
  'StructureDefinition-Request.json': ABSTRACT,
  'StructureDefinition-picoelement.json': [
    {
      element: 'StructureDefinition.differential',
      rule: 'base',
      type: 'EvidenceVariable',
      missing: 'EvidenceVariable.characteristic.definition[x]',
    },
  ],
};

/**
 * Why R4 itself refuses an example.
 *
 * @param expressions where the gateway found errors, all of them
 * @returns a sentence for each rule that is broken; undefined when the refusal is not explained by them
 */
export function explainFlaw(
  { file, resource }: { readonly file: string; readonly resource: Resource },
  expressions: readonly string[],
  definitions: Definitions,
): readonly string[] | undefined {
  const flaws = FLAWS[file];
  if (!flaws || expressions.length === 0) return undefined;
  const found = new Set(expressions.map(elementOf));
  if (found.size !== flaws.length || !flaws.every(({ element }) => found.has(element))) return undefined;
  const rules = flaws.map((flaw) => ruleOf(flaw, resource, definitions));
  return rules.every((rule) => rule !== undefined) ? rules : undefined;
}

/** `Questionnaire.item[0].item[2].linkId` is judged by what is defined of `Questionnaire.item.linkId`. */
function elementOf(expression: string): string {
  return expression.replace(/\[\d+\]/g, '').replace(/(\.[A-Za-z]+)\1+/g, '$1');
}

/** R4's rule in words; undefined when R4 has no such rule, or the example keeps to it. */
function ruleOf(flaw: Flaw, resource: Resource, definitions: Definitions): string | undefined {
  const structure = definitions.structure(resource.resourceType);
  const element = structure?.element(flaw.element);
  if (flaw.rule === 'required') {
    return element && element.min > 0 ? `${flaw.element} is required (${element.min}..)` : undefined;
  }
  if (flaw.rule === 'target') {
    const allowed = element?.types.flatMap(({ targetProfiles = [] }) => targetProfiles) ?? [];
    const names = allowed.map((url) => url.slice(url.lastIndexOf('/') + 1));
    const isAllowed = names.includes(flaw.refersTo) || names.includes('Resource') || names.length === 0;
    return isAllowed ? undefined : `${flaw.element} refers to ${names.join(', ')}, not ${flaw.refersTo}`;
  }
  if (flaw.rule === 'invariant') return invariantOf(flaw.key, element);
  if (flaw.rule === 'id') return formOfId(String(resource.id), definitions);
  if (flaw.rule === 'base') {
    const isThere = definitions.structure(flaw.type)?.element(flaw.missing) !== undefined;
    return isThere ? undefined : `${flaw.type} has no element ${flaw.missing}`;
  }
  const types = flaw.parameters.map((each) => searchTypeOf(each, resource, definitions));
  return types.every((each) => each !== undefined) ? types.join('; ') : undefined;
}

function invariantOf(key: string, element: ReturnType<Structure['element']>): string | undefined {
  const constraint = element?.constraints.find((each) => each.key === key);
  return constraint?.severity === 'error' ? `${key}: ${constraint.human}` : undefined;
}

function formOfId(id: string, definitions: Definitions): string | undefined {
  const form = definitions.structure('id')?.regex;
  return form === undefined || new RegExp(`^(?:${form})$`).test(id) ? undefined : `an id is ${form}`;
}

/** What a CapabilityStatement says of a search parameter beside what R4 defines. */
function searchTypeOf(
  name: `${string}-${string}`,
  statement: Resource,
  definitions: Definitions,
): string | undefined {
  const [type, code] = name.split('-') as [string, string];
  const defined = definitions.searchParameters(type).get(code)?.type;
  const said = new RegExp(`/${name}","type":"([a-z]+)"`).exec(JSON.stringify(statement))?.[1];
  return defined && said && said !== defined ? `${name} is of type ${defined}, not ${said}` : undefined;
}
