import { finding } from '../finding.ts';
import { checkHetu, explainHetu, HETU_SYSTEM } from '../hetu.ts';
import { at } from '../place.ts';
import type { ObjectCheck } from './run.ts';

/** A Finnish personal identity code must be one that can exist. The code itself never gets into the text. */
export const checkIdentifier: ObjectCheck = (identifier, place, run) => {
  if (identifier['system'] !== HETU_SYSTEM || typeof identifier['value'] !== 'string') return;
  const check = checkHetu(identifier['value']);
  if (check.ok) return;
  const text = `This is not a valid personal identity code: ${explainHetu(check.reason)}.`;
  run.issues.push(finding('value', 'hetu', at(place, 'value'), text));
};
