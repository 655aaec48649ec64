/** Collections, as FHIRPath computes with them, over plain JSON. */
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { Run } from '../structure/run.ts';

export type Collection = readonly unknown[];
export type Evaluate = (focus: Collection, run: Run) => Collection;

/** Thrown, without a stack, when only the complete engine can tell. */
export const UNDECIDED = Symbol('undecided');

export const EMPTY: Collection = Object.freeze([]);
export const TRUE: Collection = Object.freeze([true]);
export const FALSE: Collection = Object.freeze([false]);

export const truth = (value: boolean): Collection => (value ? TRUE : FALSE);

/** A primitive that has an id or extensions, but no value. */
export class Valueless {}
const VALUELESS = new Valueless();

/** Stems of R4's choices: https://hl7.org/fhir/R4/formats.html#choice */
const STEMS: ReadonlySet<string> = new Set(
  (
    'abatement additive age allowed amount answer asNeeded author born bounds characteristic chargeItem code collected ' +
    'content created date deceased defaultValue definition detail diagnosis dose doseNumber due effective entity event ' +
    'example fastingStatus fixed identified indication instances item legallyBinding location manufacturer maxValue ' +
    'medication minValue minimumVolume module multipleBirth name occurred occurrence offset onset participantEffective ' +
    'pattern performed probability procedure product quantity rate reported scheduled seriesDoses serviced source start ' +
    'statusReason studyEffective subject substance target time timing topic used value when'
  ).split(' '),
);
const TYPE =
  /^(?:Base64Binary|Boolean|Canonical|Code|Date|DateTime|Decimal|Id|Instant|Integer|Markdown|Oid|PositiveInt|String|Time|UnsignedInt|Uri|Url|Uuid|Address|Age|Annotation|Attachment|CodeableConcept|Coding|ContactPoint|Count|Distance|Duration|HumanName|Identifier|Money|Period|Quantity|Range|Ratio|Reference|SampledData|Signature|Timing|ContactDetail|Contributor|DataRequirement|Expression|ParameterDefinition|RelatedArtifact|TriggerDefinition|UsageContext|Dosage|Meta)$/;

/** The values of an element of each item. */
export function children(focus: Collection, name: string): Collection {
  if (focus.length === 1 && isObject(focus[0])) {
    const value = focus[0][name];
    // The common case, without a copy.
    if (Array.isArray(value) && focus[0][`_${name}`] === undefined) return value as Collection;
  }
  let found: unknown[] | undefined;
  for (const each of focus) {
    if (!isObject(each)) {
      if (typeof each === 'object' || name === 'extension' || name === 'id') throw UNDECIDED;
      continue;
    }
    found = add(found, each, name);
  }
  return found ?? EMPTY;
}

function add(found: unknown[] | undefined, object: JsonObject, name: string): unknown[] | undefined {
  const value = object[name];
  const companion = object[`_${name}`];
  if (value === undefined && companion === undefined) {
    const choice = STEMS.has(name) ? choiceOf(object, name) : undefined;
    return choice === undefined ? found : add(found, object, choice);
  }
  const list = found ?? [];
  if (Array.isArray(value) || Array.isArray(companion)) addList(list, value, companion);
  else list.push(value ?? VALUELESS);
  return list;
}

function addList(list: unknown[], value: unknown, companion: unknown): void {
  const values: Collection = Array.isArray(value) ? value : EMPTY;
  const companions: Collection = Array.isArray(companion) ? companion : EMPTY;
  const length = Math.max(values.length, companions.length);
  for (let index = 0; index < length; index++) {
    if (values[index] !== undefined && values[index] !== null) list.push(values[index]);
    else if (companions[index]) list.push(VALUELESS);
  }
}

function choiceOf(object: JsonObject, stem: string): string | undefined {
  for (const key in object) {
    const name = key.charAt(0) === '_' ? key.slice(1) : key;
    if (name.length > stem.length && name.startsWith(stem) && TYPE.test(name.slice(stem.length))) return name;
  }
  return undefined;
}

/** A condition's truth; undefined for an empty collection. A single value that is no boolean counts as true. */
export function asTruth(value: Collection): boolean | undefined {
  if (value.length === 0) return undefined;
  if (value.length > 1) throw UNDECIDED;
  const [only] = value;
  return typeof only === 'boolean' ? only : true;
}

/** The text of a single value; undefined for an empty collection. */
export function asText(value: Collection): string | undefined {
  if (value.length === 0) return undefined;
  const [only] = value;
  if (value.length > 1 || typeof only !== 'string') throw UNDECIDED;
  return only;
}
