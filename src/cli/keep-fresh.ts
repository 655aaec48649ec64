/** Well below the five minutes that an access token of a backend service lives. */
const TOKEN_MS = 120_000;

/**
 * Keeps an access token of a backend service, for runs longer than a token lives.
 * @param request asks for a new one
 * @returns gives a token that is valid for another minute at least
 */
export function keepFresh(request: () => Promise<string>): () => Promise<string> {
  let token: Promise<string> | undefined;
  let asked = 0;
  return () => {
    if (!token || Date.now() - asked > TOKEN_MS) {
      asked = Date.now();
      token = request();
    }
    return token;
  };
}
