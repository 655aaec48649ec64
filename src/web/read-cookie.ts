import type { Request } from 'express';

/** The value of a request's cookie; undefined when it is absent, empty or there are several of the name. */
export function readCookie(request: Request, name: string): string | undefined {
  const values = (request.headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return values.length === 1 && values[0] ? values[0] : undefined;
}
