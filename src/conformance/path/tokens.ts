/** A word, a literal or a sign of a FHIRPath expression. */
export interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'sign' | 'end';
  readonly text: string;
}

const NUMBER = /\d+(?:\.\d+)?/y;
const NAME = /[%$]?[A-Za-z_]\w*/y;
const STRING = /'((?:[^'\\]|\\.)*)'/y;
const SIGN = /!=|<=|>=|[=<>().,|&]/y;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

/** Splits an expression; undefined when it holds what is not known here. */
export function tokenize(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] ?? '')) {
      at++;
      continue;
    }
    const found = readAt(text, at);
    if (!found) return undefined;
    tokens.push(found.token);
    at = found.end;
  }
  return [...tokens, { kind: 'end', text: '' }];
}

function readAt(text: string, at: number): { readonly token: Token; readonly end: number } | undefined {
  const forms = [
    ['string', STRING],
    ['number', NUMBER],
    ['name', NAME],
    ['sign', SIGN],
  ] as const;
  for (const [kind, form] of forms) {
    form.lastIndex = at;
    const match = form.exec(text);
    if (!match) continue;
    if (kind !== 'string') return { token: { kind, text: match[0] }, end: form.lastIndex };
    const value = unescaped(match[1] ?? '');
    return value === undefined ? undefined : { token: { kind, text: value }, end: form.lastIndex };
  }
  return undefined;
}

function unescaped(text: string): string | undefined {
  if (/\\[^nrtf\\'"/`]/.test(text)) return undefined;
  return text.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
