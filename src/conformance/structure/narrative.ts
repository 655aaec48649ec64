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
const OPENING = /<\/?([^\s/<>"'=]+)/y;
const ATTRIBUTE = /\s+([^\s/<>"'=]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const CLOSING = /\s*\/?>/y;
const SCRIPT_ADDRESS = /^(?:javascript|vbscript|data:(?!image\/))/i;

/** What is wrong with the text of a `Narrative.div`; undefined when it is right. */
export function checkNarrative(div: string): string | undefined {
  if (!/^\s*<div[\s/>]/.test(div)) return 'must be one <div> element';
  let isRoot = true;
  for (let at = div.indexOf('<'); at >= 0; at = div.indexOf('<', at)) {
    if (div.startsWith('<!--', at)) {
      const end = endOfComment(div, at);
      if (end < 0) return 'holds a comment that does not end';
      at = end;
      continue;
    }
    const tag = readTag(div, at);
    if (!tag) return 'holds a < that begins no well-formed tag';
    const problem = checkTag(tag);
    if (problem !== undefined) return problem;
    if (isRoot && tag.attributes.get('xmlns') !== NAMESPACE) return `must be in the namespace ${NAMESPACE}`;
    isRoot = false;
    at = tag.end;
  }
  return undefined;
}

/** Where a comment ends; -1 for nowhere. Browsers end `<!-->` at once, XML does not: it is no comment here. */
function endOfComment(text: string, at: number): number {
  const end = text.indexOf('-->', at + '<!--'.length);
  return end < 0 || /^<!--(?:-?>)/.test(text.slice(at, at + 6)) ? -1 : end + '-->'.length;
}

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Place behind it. */
  readonly end: number;
}

function readTag(text: string, at: number): Tag | undefined {
  const opening = matchAt(OPENING, text, at);
  if (!opening) return undefined;
  const attributes = new Map<string, string>();
  let end = at + opening[0].length;
  for (let found = matchAt(ATTRIBUTE, text, end); found; found = matchAt(ATTRIBUTE, text, end)) {
    attributes.set((found[1] ?? '').toLowerCase(), found[2] ?? found[3] ?? '');
    end += found[0].length;
  }
  const closing = matchAt(CLOSING, text, end);
  return closing ? { name: opening[1] ?? '', attributes, end: end + closing[0].length } : undefined;
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function checkTag({ name, attributes }: Tag): string | undefined {
  if (!ELEMENTS.has(name)) return 'holds an element that narrative may not have';
  for (const [attribute, value] of attributes) {
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
