/**
 * Bindings of codes, Codings and CodeableConcepts to value sets.
 *
 * @see https://hl7.org/fhir/R4/terminologies.html#strength
 */
import type { Definitions, Element, ValueSetCodes } from '../../definitions/index.ts';
import { isObject, listOf } from '../json.ts';
import { report, type ValueCheck } from './run.ts';

/** What a value outside the value set is worth; an example binding asks for nothing. */
const SEVERITY = { required: 'error', extensible: 'warning', preferred: 'information' } as const;

/** The checks of an element's bindings; none for value sets that are not enumerable here. */
export function checkBindings(
  element: Pick<Element, 'binding'>,
  type: string,
  definitions: Pick<Definitions, 'valueSet'>,
): readonly ValueCheck[] {
  const { binding } = element;
  if (!binding) return [];
  const required = (binding.additional ?? []).map((valueSet) => ({ strength: 'required', valueSet }));
  return [binding, ...required].flatMap((each) => checkBinding(each, type, definitions) ?? []);
}

function checkBinding(
  { strength, valueSet }: NonNullable<Element['binding']>,
  type: string,
  definitions: Pick<Definitions, 'valueSet'>,
): ValueCheck | undefined {
  if (strength !== 'required' && strength !== 'extensible' && strength !== 'preferred') return undefined;
  const severity = SEVERITY[strength];
  // Most bindings of these strengths are never met; their value sets are enumerated when they are.
  let isMember: Membership | undefined | 'unasked' = 'unasked';
  const rule = `${strength === 'required' ? 'must' : 'should'} be from the value set ${valueSet.split('|')[0]}`;
  if (!KINDS[type]) return undefined;
  return (value, parent, step, index, run) => {
    if (isMember === 'unasked') {
      const codes = definitions.valueSet(valueSet);
      isMember = codes && KINDS[type]?.(codes, strength === 'required');
    }
    if (!isMember || isMember(value)) return;
    if (valueSet.startsWith(MIME_TYPES) && isFormat(String(value), isMember)) return;
    report(run, 'code-invalid', 'binding', parent, step, index, `${step} ${rule}.`, severity);
  };
}

type Membership = (value: unknown) => boolean;

/** FHIR's own names of its formats stand for MIME types: https://hl7.org/fhir/R4/http.html#mime-type */
const FORMATS: ReadonlySet<string> = new Set(['xml', 'json', 'ttl', 'html', 'none']);
const MIME_TYPES = 'http://hl7.org/fhir/ValueSet/mimetypes';

/** What stands behind the type is not judged: published resources have parameters that no grammar allows. */
function isFormat(value: string, isMember: Membership): boolean {
  return FORMATS.has(value) || isMember((value.split(';', 1)[0] ?? '').trim());
}

const ofText = (codes: ValueSetCodes): Membership => {
  return (value) => typeof value !== 'string' || codes.has(value);
};
const ofCoding = (codes: ValueSetCodes, required: boolean): Membership => {
  return (value) =>
    !isObject(value) || value['code'] === undefined || (required ? holds : mayHold)(codes, value);
};

/** Whether a value of a type is in a value set; `required` also asks for a code where there is text alone. */
const KINDS: Readonly<Record<string, (codes: ValueSetCodes, required: boolean) => Membership>> = {
  code: ofText,
  string: ofText,
  uri: ofText,
  Coding: ofCoding,
  Quantity: ofCoding,
  CodeableConcept: (codes, required) => (value) => {
    if (!isObject(value)) return true;
    const codings = listOf(value['coding']);
    return required
      ? codings.some((coding) => isObject(coding) && holds(codes, coding))
      : codings.some((coding) => isObject(coding) && holds(codes, coding)) ||
          codings.every((coding) => !isObject(coding) || mayHold(codes, coding));
  },
};

function holds(codes: ValueSetCodes, coding: Record<string, unknown>): boolean {
  const { code, system } = coding;
  return typeof code === 'string' && codes.has(code, typeof system === 'string' ? system : '');
}

/** A code of another system may well be for a concept that the value set does not cover, which is allowed. */
function mayHold(codes: ValueSetCodes, coding: Record<string, unknown>): boolean {
  return !codes.systems.includes(String(coding['system'])) || holds(codes, coding);
}
