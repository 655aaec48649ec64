/** HTML that is escaped by construction: what is put into a template is text unless it is HTML already. */

const MARK = Symbol('html');

/** A piece of HTML made by {@link html}; nothing else can make one. */
export interface Html {
  readonly [MARK]: string;
}

/** What a template takes. `undefined`, `null` and `false` leave nothing behind. */
export type Insert = Html | string | number | undefined | null | false | readonly Insert[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A template of HTML. Inserted strings and numbers are escaped for text and for quoted attributes; attributes are
 * therefore always written in quotes, and addresses are never inserted into `href` from outside the gateway.
 */
export function html(strings: TemplateStringsArray, ...inserts: readonly Insert[]): Html {
  const parts = strings.map((part, index) => part + (index < inserts.length ? render(inserts[index]) : ''));
  return { [MARK]: parts.join('') };
}

/** The finished text of a piece of HTML. */
export function toText(piece: Html): string {
  return piece[MARK];
}

function render(insert: Insert): string {
  if (insert === undefined || insert === null || insert === false) return '';
  if (typeof insert === 'string') return insert.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  if (typeof insert === 'number') return String(insert);
  if (isList(insert)) return insert.map(render).join('');
  return insert[MARK];
}

function isList(insert: Html | readonly Insert[]): insert is readonly Insert[] {
  return Array.isArray(insert);
}
