import { finding } from '../finding.ts';
import { at } from '../place.ts';
import type { ObjectCheck } from './run.ts';

/**
 * The size that an Attachment states is that of its data.
 *
 * @see https://hl7.org/fhir/R4/datatypes-definitions.html#Attachment.size
 */
export const checkAttachment: ObjectCheck = (attachment, place, run) => {
  const { data, size } = attachment;
  if (typeof data !== 'string' || typeof size !== 'number') return;
  const bytes = base64Bytes(data);
  if (bytes === size) return;
  const text = `The attachment states ${size} bytes, but its data has ${bytes}.`;
  run.issues.push(finding('value', 'attachment', at(place, 'size'), text));
};

/** Bytes that base64 text stands for. */
export function base64Bytes(data: string): number {
  const text = data.replace(/\s/g, '');
  return Math.floor((text.length * 3) / 4) - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}
