const PLAIN = /^[A-Za-z0-9_.:/[\]-]{1,64}$/;
const LOOKS_PERSONAL = /\d{6}[-+A-Y]\d{3}/i;

/**
 * A name from outside as it may stand in a text or an expression; undefined when it is long, strange, or looks like a
 * personal identity code.
 */
export function showable(name: string): string | undefined {
  return PLAIN.test(name) && !LOOKS_PERSONAL.test(name) ? name : undefined;
}
