/**
 * Observation-based extraction.
 *
 * @see http://hl7.org/fhir/uv/sdc/STU3/extraction.html#observation-based-extraction
 */
import type { Resource } from '../resource.ts';
import { type FormItem, readForm } from './form.ts';
import { extensionOf, givenValue, isObject, type JsonObject, objectsOf, textOf } from './json.ts';

const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition';
const EXTRACT = `${SDC}/sdc-questionnaire-observationExtract`;
const CATEGORY = `${SDC}/sdc-questionnaire-observation-extract-category`;
const UNIT = 'http://hl7.org/fhir/StructureDefinition/questionnaire-unit';

/** What extraction may ask the outside for. */
export interface ExtractionTools {
  readonly uuid: () => string;
  readonly now: () => Date;
}

/**
 * Makes an Observation of every answer whose item is marked for extraction and has a code.
 *
 * @param response a stored response: its `id` becomes the versionless `derivedFrom`
 * @returns Observations with ids of their own, in the order of the answers
 */
export function extractObservations(
  questionnaire: Resource,
  response: Resource,
  tools: ExtractionTools,
): readonly Resource[] {
  const form = readForm(questionnaire);
  const common = commonPart(response, tools);
  const observations: Resource[] = [];
  const visit = (holder: JsonObject): void => {
    for (const item of objectsOf(holder['item'])) {
      const definition = form.byLinkId.get(String(item['linkId']));
      for (const answer of objectsOf(item['answer'])) {
        const own = definition && ownPart(definition, answer, questionnaire);
        if (own) observations.push({ resourceType: 'Observation', id: tools.uuid(), ...common, ...own });
        visit(answer);
      }
      visit(item);
    }
  };
  visit(response);
  return observations;
}

/** What all observations of a response share; its labels stay with what is taken out of it. */
function commonPart(response: Resource, tools: ExtractionTools): JsonObject {
  const security = response.meta?.security;
  return {
    ...(security && security.length > 0 && { meta: { security } }),
    status: 'final',
    ...pick(response, 'subject'),
    ...pick(response, 'encounter'),
    ...(response['authored'] !== undefined && { effectiveDateTime: response['authored'] }),
    issued: tools.now().toISOString(),
    ...(isObject(response['author']) &&
      isPerformer(response['author']) && { performer: [response['author']] }),
    ...(response.id !== undefined && {
      derivedFrom: [{ reference: `QuestionnaireResponse/${response.id}` }],
    }),
  };
}

function pick(holder: JsonObject, name: string): JsonObject {
  return holder[name] === undefined ? {} : { [name]: holder[name] };
}

/** A Device may fill a form but not perform an Observation. */
function isPerformer(author: JsonObject): boolean {
  return !textOf(author['reference'])?.includes('Device/');
}

/** Code, category and value; undefined when the answer is not for extraction. */
function ownPart(definition: FormItem, answer: JsonObject, questionnaire: Resource): JsonObject | undefined {
  const coding = objectsOf(definition.source['code']);
  if (coding.length === 0 || inherited(definition, questionnaire, EXTRACT)?.['valueBoolean'] !== true) {
    return undefined;
  }
  const value = observationValue(definition, answer);
  if (!value) return undefined;
  const category = inherited(definition, questionnaire, CATEGORY)?.['valueCodeableConcept'];
  return {
    ...(category !== undefined && { category: [category] }),
    code: { coding, ...(definition.source['text'] !== undefined && { text: definition.source['text'] }) },
    ...value,
  };
}

/** An extension of the item, or of the nearest one around it that has one, or of the Questionnaire. */
function inherited(definition: FormItem, questionnaire: Resource, url: string): JsonObject | undefined {
  for (let here: FormItem | undefined = definition; here; here = here.parent) {
    const extension = extensionOf(here.source, url);
    if (extension) return extension;
  }
  return extensionOf(questionnaire, url);
}

/** The answer as `Observation.value[x]`; attachments and references have none. */
function observationValue(definition: FormItem, answer: JsonObject): JsonObject | undefined {
  const given = givenValue(answer);
  if (!given) return undefined;
  const { name, value } = given;
  const unit = extensionOf(definition.source, UNIT)?.['valueCoding'];
  switch (name) {
    case 'valueInteger':
      return isObject(unit) ? quantity(value, unit) : { valueInteger: value };
    case 'valueDecimal':
      return isObject(unit) ? quantity(value, unit) : { valueQuantity: { value } };
    case 'valueCoding':
      return { valueCodeableConcept: { coding: [value] } };
    case 'valueUri':
      return { valueString: value };
    case 'valueDate':
      return { valueDateTime: value };
    case 'valueBoolean':
    case 'valueDateTime':
    case 'valueTime':
    case 'valueString':
    case 'valueQuantity':
      return { [name]: value };
    default:
      return undefined;
  }
}

function quantity(value: unknown, unit: JsonObject): JsonObject {
  const { display, system, code } = unit;
  return {
    valueQuantity: {
      value,
      ...(display !== undefined && { unit: display }),
      ...(system !== undefined && { system }),
      ...(code !== undefined && { code }),
    },
  };
}
