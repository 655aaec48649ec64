/**
 * An extension has either a value or extensions of its own, and a URL that says what it means.
 *
 * @see https://hl7.org/fhir/R4/extensibility.html#Extension
 */
import { finding } from '../finding.ts';
import type { ObjectCheck } from './run.ts';

/** Invariant ext-1, without FHIRPath. */
export const checkExtension: ObjectCheck = (extension, place, run) => {
  let values = false;
  for (const key in extension) {
    if (key.startsWith('value') || key.startsWith('_value')) values = true;
  }
  if (values !== (extension['extension'] !== undefined)) return;
  const text = `ext-1: An extension must have either a value or extensions, not ${values ? 'both' : 'neither'}.`;
  run.issues.push({ ...finding('invariant', 'element-missing', place, text), key: 'ext-1' });
};
