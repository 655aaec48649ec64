/**
 * Limits of length, form and size that an item sets to its answers.
 *
 * @see https://hl7.org/fhir/R4/questionnaire-profiles.html#extensions
 */
import { finding } from '../finding.ts';
import { at, type Place } from '../place.ts';
import { type Said, say } from '../say.ts';
import { base64Bytes } from '../structure/attachments.ts';
import { type AnswerValue, isObject, textOf } from './answer-value.ts';
import { compareValues } from './compare.ts';
import type { AnswerCheck, Report } from './compiled-item.ts';
import { EXTENSION, extensionOf, numberOf, textsOf } from './extension.ts';
import { longestFor } from './pattern-cost.ts';

/** Every limit of the item, as checks of one answer each. */
export function checkLimits(item: Record<string, unknown>): readonly AnswerCheck[] {
  return [lengthCheck, regexCheck, decimalPlacesCheck, minValueCheck, maxValueCheck, attachmentCheck]
    .map((make) => make(item))
    .filter((check) => check !== undefined);
}

function lengthCheck(item: Record<string, unknown>): AnswerCheck | undefined {
  const max = typeof item['maxLength'] === 'number' ? item['maxLength'] : Number.POSITIVE_INFINITY;
  const min = numberOf(item, EXTENSION.minLength) ?? 0;
  if (min === 0 && max === Number.POSITIVE_INFINITY) return undefined;
  return (given, answer, report) => {
    const text = textOf(given.value);
    if (text === undefined || isTemporal(given)) return;
    const length = [...text].length;
    if (length > max)
      limit(
        report,
        answer,
        say`The answer to '${linkIdOf(item)}' is ${length} characters long; the most is ${max}.`,
      );
    if (length < min)
      limit(
        report,
        answer,
        say`The answer to '${linkIdOf(item)}' is ${length} characters long; the least is ${min}.`,
      );
  };
}

function regexCheck(item: Record<string, unknown>): AnswerCheck | undefined {
  const pattern = textsOf(item, EXTENSION.regex)[0];
  if (pattern === undefined) return undefined;
  const compiled = compileRegex(pattern);
  const longest = longestFor(pattern);
  return (given, answer, report) => {
    if (isObject(given.value)) return;
    if (!compiled || String(given.value).length > longest) {
      const text = say`The regular expression of '${linkIdOf(item)}' cannot be used here, so the answer was not checked by it.`;
      report(finding('not-supported', 'definition-unknown', at(answer, 'value'), text, 'warning'));
      return;
    }
    if (!compiled.test(String(given.value)))
      limit(report, answer, say`The answer to '${linkIdOf(item)}' does not match the form '${pattern}'.`);
  };
}

function compileRegex(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    // Patterns written for other dialects may escape what Unicode mode refuses; anything else is reported per answer.
    try {
      return new RegExp(`^(?:${pattern})$`);
    } catch {
      return undefined;
    }
  }
}

function decimalPlacesCheck(item: Record<string, unknown>): AnswerCheck | undefined {
  const max = numberOf(item, EXTENSION.maxDecimalPlaces);
  if (max === undefined) return undefined;
  return (given, answer, report) => {
    const value = isObject(given.value) ? given.value['value'] : given.value;
    if (typeof value !== 'number') return;
    const places = decimalPlaces(value);
    if (places > max)
      limit(
        report,
        answer,
        say`The answer to '${linkIdOf(item)}' has ${places} decimal places; the most is ${max}.`,
      );
  };
}

function decimalPlaces(value: number): number {
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  return Math.max(0, (mantissa.split('.')[1]?.length ?? 0) - Number(exponent));
}

function minValueCheck(item: Record<string, unknown>): AnswerCheck | undefined {
  const linkId = linkIdOf(item);
  return boundCheck(item, EXTENSION.minValue, EXTENSION.minQuantity, {
    holds: (order) => order >= 0,
    outOfRange: (bound) => say`The answer to '${linkId}' is out of range; the least is ${bound}.`,
    incomparable: (bound) =>
      say`The answer to '${linkId}' cannot be compared with the least allowed, ${bound}: system and code of both units are needed, of one dimension.`,
  });
}

function maxValueCheck(item: Record<string, unknown>): AnswerCheck | undefined {
  const linkId = linkIdOf(item);
  return boundCheck(item, EXTENSION.maxValue, EXTENSION.maxQuantity, {
    holds: (order) => order <= 0,
    outOfRange: (bound) => say`The answer to '${linkId}' is out of range; the most is ${bound}.`,
    incomparable: (bound) =>
      say`The answer to '${linkId}' cannot be compared with the most allowed, ${bound}: system and code of both units are needed, of one dimension.`,
  });
}

interface Bounding {
  readonly holds: (order: number) => boolean;
  readonly outOfRange: (bound: string) => Said;
  readonly incomparable: (bound: string) => Said;
}

function boundCheck(
  item: Record<string, unknown>,
  url: string,
  quantityUrl: string,
  { holds, outOfRange, incomparable }: Bounding,
): AnswerCheck | undefined {
  const bound = boundOf(extensionOf(item, url) ?? extensionOf(item, quantityUrl));
  if (!bound) return undefined;
  const shown = describe(bound);
  return (given, answer, report) => {
    const order = compareValues(given, bound);
    if (order === undefined) {
      if (bound.type === given.type && given.type === 'Quantity') limit(report, answer, incomparable(shown));
    } else if (!holds(order)) {
      limit(report, answer, outOfRange(shown));
    }
  };
}

function boundOf(extension: Record<string, unknown> | undefined): AnswerValue | undefined {
  if (!extension) return undefined;
  const types = ['Integer', 'Decimal', 'Date', 'DateTime', 'Time', 'Quantity'];
  const suffix = types.find((type) => extension[`value${type}`] !== undefined);
  if (suffix === undefined) return undefined;
  const type = suffix === 'Quantity' ? suffix : suffix[0]?.toLowerCase() + suffix.slice(1);
  return { type, value: extension[`value${suffix}`] };
}

function describe(bound: AnswerValue): string {
  if (!isObject(bound.value)) return String(bound.value);
  return `${bound.value['value']} ${bound.value['unit'] ?? bound.value['code'] ?? ''}`.trim();
}

function attachmentCheck(item: Record<string, unknown>): AnswerCheck | undefined {
  const types = textsOf(item, EXTENSION.mimeType);
  // The extension counts in megabytes of a million bytes.
  const maxBytes = (numberOf(item, EXTENSION.maxSize) ?? Number.POSITIVE_INFINITY) * 1_000_000;
  if (types.length === 0 && maxBytes === Number.POSITIVE_INFINITY) return undefined;
  return (given, answer, report) => {
    if (given.type !== 'Attachment' || !isObject(given.value)) return;
    const contentType = textOf(given.value['contentType']);
    if (types.length > 0 && (contentType === undefined || !types.includes(baseType(contentType)))) {
      const text = say`The attachment for '${linkIdOf(item)}' must be of type ${types.join(' / ')}.`;
      report(finding('required', 'attachment', at(answer, 'value'), text));
    }
    const stated = typeof given.value['size'] === 'number' ? given.value['size'] : 0;
    const bytes = Math.max(stated, base64Bytes(textOf(given.value['data']) ?? ''));
    if (bytes > maxBytes) {
      const text = say`The attachment for '${linkIdOf(item)}' has ${bytes} bytes; the most is ${maxBytes}.`;
      report(finding('too-long', 'attachment', at(answer, 'value'), text));
    }
  };
}

/** A media type without its parameters. */
function baseType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function isTemporal(given: AnswerValue): boolean {
  return given.type === 'date' || given.type === 'dateTime' || given.type === 'time';
}

function limit(report: Report, answer: Place, text: Said): void {
  report(finding('invariant', 'answer-limit', at(answer, 'value'), text));
}

function linkIdOf(item: Record<string, unknown>): string {
  return textOf(item['linkId']) ?? '';
}
