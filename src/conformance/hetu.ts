import { HETU_SYSTEM, type HetuFault, parseHetu } from '../hetu.ts';

export { HETU_SYSTEM };

export type HetuCheck =
  | { readonly ok: true; readonly birthDate: string }
  | { readonly ok: false; readonly reason: HetuFault };

/**
 * Checks a Finnish personal identity code as written; lower-case letters count as the capitals they stand for.
 *
 * @returns the birth date as `YYYY-MM-DD`, or which part is wrong — never the code itself
 * @see https://dvv.fi/en/personal-identity-code
 */
export function checkHetu(value: string): HetuCheck {
  const parsed = parseHetu(value);
  return parsed.ok ? { ok: true, birthDate: parsed.birthDate } : parsed;
}

/** What is wrong, in words that can be shown to anyone: they name the part, never its content. */
export function explainHetu(reason: HetuFault): string {
  switch (reason) {
    case 'shape':
      return 'it must be DDMMYY, one of -+A-FU-Y, three digits and a control character';
    case 'date':
      return 'its first six digits are not a day that exists in its century';
    case 'individual-number':
      return 'its individual number must be 002 or greater';
    case 'control-character':
      return 'its control character does not match its digits';
  }
}
