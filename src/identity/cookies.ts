/**
 * Cookies of the gateway. Over https they carry the `__Host-` prefix, which binds them to this host and to TLS; plain
 * http is for development on localhost, where browsers refuse the prefix.
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
 */

export interface CookieNames {
  readonly session: string;
  readonly signIn: string;
  /** The authorization server's own session. */
  readonly provider: string;
  readonly secure: boolean;
}

/** Names for a gateway at `baseUrl`. */
export function nameCookies(baseUrl: string): CookieNames {
  const secure = baseUrl.startsWith('https:');
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}silta-session`,
    signIn: `${prefix}silta-sign-in`,
    provider: `${prefix}silta-oauth`,
    secure,
  };
}

/** The value of one cookie of a `Cookie` header; undefined when it is absent or there are several. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '').split(';').flatMap((part) => {
    const at = part.indexOf('=');
    return at > 0 && part.slice(0, at).trim() === name ? [part.slice(at + 1).trim()] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/** A `Set-Cookie` value; without `maxAgeSeconds` the cookie ends with the browser. */
export function writeCookie(
  name: string,
  value: string,
  options: { readonly secure: boolean; readonly maxAgeSeconds?: number },
): string {
  const age = options.maxAgeSeconds === undefined ? '' : `; Max-Age=${options.maxAgeSeconds}`;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}${options.secure ? '; Secure' : ''}`;
}
