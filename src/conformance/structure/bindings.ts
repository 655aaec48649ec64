/**
 * Required bindings of codes, Codings and CodeableConcepts.
 *
 * @see https://hl7.org/fhir/R4/terminologies.html#required
 */
import type { Definitions, Element, ValueSetCodes } from '../../definitions/index.ts';
import { isObject, listOf } from '../json.ts';
import { report, type ValueCheck } from './run.ts';

/** The check of a required binding; undefined when there is none, or its value set is not enumerable here. */
export function checkBinding(
  element: Element,
  type: string,
  definitions: Pick<Definitions, 'valueSet'>,
): ValueCheck | undefined {
  const { binding } = element;
  if (binding?.strength !== 'required') return undefined;
  const codes = definitions.valueSet(binding.valueSet);
  if (!codes) return undefined;
  const rule = `must be from the value set ${binding.valueSet.split('|')[0]}`;
  const holds = membership(type, codes);
  if (!holds) return undefined;
  return (value, parent, step, index, run) => {
    if (!holds(value)) report(run, 'code-invalid', 'binding', parent, step, index, `${step} ${rule}.`);
  };
}

function membership(type: string, codes: ValueSetCodes): ((value: unknown) => boolean) | undefined {
  switch (type) {
    case 'code':
    case 'string':
    case 'uri':
      return (value) => typeof value !== 'string' || codes.has(value);
    case 'Coding':
    case 'Quantity':
      return (value) => !isObject(value) || value['code'] === undefined || holdsCoding(codes, value);
    case 'CodeableConcept':
      return (value) =>
        !isObject(value) ||
        listOf(value['coding']).some((coding) => isObject(coding) && holdsCoding(codes, coding));
    default:
      return undefined;
  }
}

function holdsCoding(codes: ValueSetCodes, coding: Record<string, unknown>): boolean {
  const { code, system } = coding;
  return typeof code === 'string' && codes.has(code, typeof system === 'string' ? system : '');
}
