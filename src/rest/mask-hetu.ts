/** A UUID, which may have such characters in it and is kept; or eleven of the form of a personal identity code, valid or not. */
const HETU_LIKE =
  /([0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12})|\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]/gi;

/** Takes what looks like a personal identity code out of a text that goes to a log or the audit. */
export function maskHetu(text: string): string {
  return text.replace(HETU_LIKE, (_, uuid?: string) => uuid ?? '[removed]');
}
