/**
 * Anything shaped like a Finnish personal identity code, also lower case and with an impossible date: what
 * a foreign system puts into an error text is not worth a precise check.
 */
const HETU_SHAPE = /(?<![0-9A-Za-z])\d{6}[-+A-FU-Ya-fu-y]\d{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y](?![0-9A-Za-z])/g;

/** Whether a text holds anything shaped like a personal identity code. */
export function holdsHetu(text: string): boolean {
  return text.search(HETU_SHAPE) !== -1;
}

/** Replaces personal identity codes and the given secrets in a text that will be shown or logged. */
export function maskPrivate(text: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret.length > 0);
  const withoutSecrets = known.reduce((masked, secret) => masked.replaceAll(secret, '[secret]'), text);
  return withoutSecrets.replace(HETU_SHAPE, '[personal identity code]');
}
