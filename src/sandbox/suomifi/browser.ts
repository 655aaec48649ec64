/**
 * A browser without a screen: follows redirects, keeps cookies, submits forms. Enough to walk through sign-in and
 * consent over HTTP as a citizen does.
 * @see https://www.rfc-editor.org/rfc/rfc6265
 */

export interface Page {
  /** Address of the page after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

export interface Browser {
  /** Opens an address and follows redirects until a page, or until an address for which `stopAt` holds. */
  open(address: string | URL, options?: { readonly stopAt?: (url: URL) => boolean }): Promise<Page>;
  /** Submits the only form of a page with its hidden fields and `fields`. */
  submit(
    page: Page,
    fields: Readonly<Record<string, string>>,
    options?: { readonly stopAt?: (url: URL) => boolean },
  ): Promise<Page>;
  /** The `Cookie` header that the browser would send to an address. */
  cookieHeader(address: string | URL): string;
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

const MAX_REDIRECTS = 20;

/** Opens a browser with an empty cookie jar. */
export function createBrowser(fetchWith: typeof fetch = fetch): Browser {
  const jar = new Map<string, Cookie>();
  const cookieHeader = (address: string | URL): string => {
    const url = new URL(address);
    return [...jar.values()]
      .filter((cookie) => cookie.host === url.hostname && isUnder(url.pathname, cookie.path))
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join('; ');
  };
  const visit = async (
    start: URL,
    init: RequestInit,
    stopAt: (url: URL) => boolean = () => false,
  ): Promise<Page> => {
    let url = start;
    let request = init;
    for (let hops = 0; hops < MAX_REDIRECTS; hops++) {
      if (stopAt(url)) return { url, status: 0, html: '' };
      const headers = { ...request.headers, cookie: cookieHeader(url) };
      const response = await fetchWith(url, { ...request, headers, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) keepCookie(jar, url, line);
      const location = response.headers.get('location');
      const html = await response.text();
      if (!location || response.status < 300 || response.status > 399) {
        return { url, status: response.status, html };
      }
      url = new URL(location, url);
      request = {};
    }
    throw new Error(`More than ${MAX_REDIRECTS} redirects.`);
  };
  return {
    cookieHeader,
    open: (address, options) => visit(new URL(address), {}, options?.stopAt),
    submit: (page, fields, options) => {
      const { action, hidden } = readForm(page);
      const body = new URLSearchParams({ ...hidden, ...fields }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return visit(new URL(action, page.url), { method: 'POST', body, headers }, options?.stopAt);
    },
  };
}

function isUnder(path: string, base: string): boolean {
  return path === base || path.startsWith(base.endsWith('/') ? base : `${base}/`);
}

function keepCookie(jar: Map<string, Cookie>, url: URL, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const at = pair.indexOf('=');
  const attribute = (name: string): string | undefined =>
    attributes.find((part) => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const path = attribute('path') ?? '/';
  const cookie = { host: url.hostname, path, name: pair.slice(0, at), value: pair.slice(at + 1) };
  const key = `${cookie.host} ${path} ${cookie.name}`;
  const expires = attribute('expires');
  const gone = attribute('max-age') === '0' || (expires !== undefined && Date.parse(expires) <= Date.now());
  if (gone) jar.delete(key);
  else jar.set(key, cookie);
}

function readForm(page: Page): { readonly action: string; readonly hidden: Record<string, string> } {
  const forms = [...page.html.matchAll(/<form[^>]*\baction="([^"]*)"[^>]*>/g)];
  const [form] = forms;
  if (!form?.[1] || forms.length !== 1) {
    throw new Error(`The page ${page.url.pathname} (${page.status}) does not have one form.`);
  }
  const inputs = page.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
  const hidden = Object.fromEntries(
    [...inputs].map(([, name = '', value = '']) => [name, decodeEntities(value)]),
  );
  return { action: decodeEntities(form[1]), hidden };
}

function decodeEntities(text: string): string {
  const entities = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' } as const;
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity as keyof typeof entities]);
}
