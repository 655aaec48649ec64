/**
 * The commonest calculated expression, the sum of the options' scores, without the FHIRPath engine.
 *
 * Recognised, with `ordinal()` or `weight()`:
 * `%resource.item.where(linkId != 'total').answer.value.ordinal().sum()`, the same over `descendants()` or
 * `repeat(item)`, and with `linkId = '…'` or `linkId.startsWith('…')`.
 *
 * @see http://hl7.org/fhir/uv/sdc/STU3/expressions.html#fhirpath-supplements
 */
import { type Form, scoreOf } from './form.ts';
import { type JsonObject, objectsOf, textOf } from './json.ts';

/** The sum; undefined when no answer has a score, as FHIRPath's sum of nothing is empty. */
export type SumOfScores = (response: JsonObject, form: Form) => number | undefined;

const SUM =
  /^%resource\.(item|repeat\(item\)|descendants\(\))(?:\.where\(\s*linkId\s*(!=|=|\.startsWith\()\s*'([^'\\]*)'\s*\)?\s*\))?\.answer\.value(?:\.ofType\(Coding\))?\.(?:ordinal|weight)\(\)\.sum\(\)$/;

/** The plain form of an expression; undefined when it is anything else. */
export function recogniseSumOfScores(expression: string): SumOfScores | undefined {
  const match = SUM.exec(expression.trim());
  if (!match) return undefined;
  const [text, reach, operator, linkId] = match;
  if ((operator === '.startsWith(') !== text.includes('startsWith(')) return undefined;
  const counts = condition(operator, linkId ?? '');
  const deep = reach === 'item' ? 'own' : reach === 'repeat(item)' ? 'groups' : 'all';
  return (response, form) => sum(response, form, counts, deep);
}

function condition(operator: string | undefined, linkId: string): (given: string | undefined) => boolean {
  switch (operator) {
    case '=':
      return (given) => given === linkId;
    case '!=':
      return (given) => given !== undefined && given !== linkId;
    case '.startsWith(':
      return (given) => given?.startsWith(linkId) === true;
    default:
      return () => true;
  }
}

/** `own`: items of the element; `groups`: items in items; `all`: items in answers, too. */
function sum(
  holder: JsonObject,
  form: Form,
  counts: (linkId: string | undefined) => boolean,
  deep: 'own' | 'groups' | 'all',
): number | undefined {
  let total: number | undefined;
  const add = (score: number | undefined) => {
    if (score !== undefined) total = (total ?? 0) + score;
  };
  for (const item of objectsOf(holder['item'])) {
    const linkId = textOf(item['linkId']);
    const counted = counts(linkId);
    const definition = linkId === undefined ? undefined : form.byLinkId.get(linkId);
    for (const answer of objectsOf(item['answer'])) {
      if (counted) add(scoreOf(definition, answer['valueCoding']));
      if (deep === 'all') add(sum(answer, form, counts, deep));
    }
    if (deep !== 'own') add(sum(item, form, counts, deep));
  }
  return total;
}
