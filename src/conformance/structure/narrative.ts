/**
 * Narrative may hold basic formatting only: no scripts, forms, frames or event handlers. Read as XML, tag by tag, in time
 * that grows with the text and no faster: what is no well-formed tag is refused, so that no reader can see another one.
 *
 * @see https://hl7.org/fhir/R4/narrative.html#xhtml
 * @see https://www.w3.org/TR/xml/#sec-starttags
 */
const ELEMENTS = new Set(
  (
    'a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img ' +
    'li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var kbd bdo u'
  ).split(' '),
);
const NAMESPACE = 'http://www.w3.org/1999/xhtml';
const OPENING = /<(\/?)([^\s/<>"'=]+)/y;
const ATTRIBUTE = /[ \t\r\n]+([^\s/<>"'=]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')/y;
const CLOSING = /[ \t\r\n]*(\/?)>/y;
/** A name without a prefix, or with one that needs no declaration. */
const ATTRIBUTE_NAME = /^(?:(?:xml|xmlns):)?[\p{L}_][\p{L}\p{N}._-]*$/u;
const REFERENCE = /^&(?:amp|lt|gt|quot|apos|#([0-9]+)|#x([0-9a-fA-F]+));/;
const SCRIPT_ADDRESS = /^(?:javascript|vbscript|data:(?!image\/))/i;

/** What is wrong with the text of a `Narrative.div`; undefined when it is right. */
export function checkNarrative(div: string): string | undefined {
  if (!/^[ \t\r\n]*<div[\s/>]/.test(div)) return 'must be one <div> element';
  const open: string[] = [];
  let at = div.indexOf('<');
  for (let isRoot = true; isRoot || open.length > 0; isRoot = false) {
    const next = div.indexOf('<', at);
    if (next < 0) return 'holds an element that is not closed';
    const flaw = checkText(div.slice(at, next));
    if (flaw !== undefined) return flaw;
    if (div.startsWith('<!--', next)) {
      at = endOfComment(div, next);
      if (at < 0) return 'holds a comment that is not well-formed';
      continue;
    }
    const tag = readTag(div, next);
    if (!tag) return 'holds a < that begins no well-formed tag';
    const problem = tag.ends ? close(tag, open) : checkTag(tag);
    if (problem !== undefined) return problem;
    if (isRoot && tag.attributes.get('xmlns') !== NAMESPACE) return `must be in the namespace ${NAMESPACE}`;
    if (!tag.ends && !tag.isEmpty) open.push(tag.name);
    at = tag.end;
  }
  return /^[ \t\r\n]*$/.test(div.slice(at)) ? undefined : 'must be one <div> element';
}

function close({ name, isEmpty, attributes }: Tag, open: string[]): string | undefined {
  const isClosing = open.pop() === name && !isEmpty && attributes.size === 0;
  return isClosing ? undefined : 'holds an end tag that closes no element';
}

/** Where a comment ends; -1 for nowhere. Browsers end `<!-->` at once, XML does not: it is no comment here. */
function endOfComment(text: string, at: number): number {
  const end = text.indexOf('--', at + '<!--'.length);
  return end < 0 || text[end + 2] !== '>' || /^<!--(?:-?>)/.test(text.slice(at, at + 6))
    ? -1
    : end + '-->'.length;
}

function checkText(text: string): string | undefined {
  return text.includes(']]>') ? 'holds ]]> outside of a section' : checkReferences(text);
}

/** XML knows five entities by name; those of HTML are not among them. */
function checkReferences(text: string): string | undefined {
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    // As long as the longest reference to a character there is, with some zeros.
    const [found, decimal, hex] = REFERENCE.exec(text.slice(at, at + 16)) ?? [];
    if (found === undefined) return 'holds an & that begins no character reference or entity of XML';
    const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
    if (code !== undefined && !isCharacter(code)) return 'refers to a character that XML does not have';
  }
  return undefined;
}

/** @see https://www.w3.org/TR/xml/#NT-Char */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Whether it is an end tag. */
  readonly ends: boolean;
  /** Whether it is closed within itself. */
  readonly isEmpty: boolean;
  /** Place behind it. */
  readonly end: number;
}

function readTag(text: string, at: number): Tag | undefined {
  const opening = matchAt(OPENING, text, at);
  if (!opening) return undefined;
  const attributes = new Map<string, string>();
  let end = at + opening[0].length;
  for (let found = matchAt(ATTRIBUTE, text, end); found; found = matchAt(ATTRIBUTE, text, end)) {
    const [all, name = '', double, single] = found;
    if (attributes.has(name)) return undefined;
    attributes.set(name, double ?? single ?? '');
    end += all.length;
  }
  const closing = matchAt(CLOSING, text, end);
  if (!closing) return undefined;
  const [, slash, name = ''] = opening;
  const isEmpty = closing[1] === '/';
  return { name, attributes, ends: slash === '/', isEmpty, end: end + closing[0].length };
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function checkTag({ name, attributes }: Tag): string | undefined {
  if (!ELEMENTS.has(name)) return 'holds an element that narrative may not have';
  for (const [written, value] of attributes) {
    const attribute = written.toLowerCase();
    if (!ATTRIBUTE_NAME.test(written)) return 'holds an attribute that narrative may not have';
    const flaw = checkReferences(value);
    if (flaw !== undefined) return flaw;
    if (attribute.startsWith('on')) return 'holds an event handler';
    if ((attribute === 'href' || attribute === 'src') && runsScript(value)) {
      return 'holds an address that runs a script';
    }
  }
  return undefined;
}

/** Browsers drop white space in a scheme and read character references; nobody needs either there. */
function runsScript(address: string): boolean {
  const bare = [...address].filter((character) => character > ' ').join('');
  return SCRIPT_ADDRESS.test(bare) || /^[^/?#:]*&/.test(bare);
}
