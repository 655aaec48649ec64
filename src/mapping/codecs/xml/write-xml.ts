/** A tree of elements → XML text, each namespace declared where it is first needed. */
import { MappingError } from '../../types.ts';
import type { XmlAttribute, XmlElement } from './read-xml.ts';

export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const XML = 'http://www.w3.org/XML/1998/namespace';

/** Prefixes that readers expect. */
const PREFIXES: Readonly<Record<string, string>> = { [XSI]: 'xsi', 'urn:hl7-org:sdtc': 'sdtc', [XML]: 'xml' };

/** Characters that no XML document can hold: https://www.w3.org/TR/xml/#charsets */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are looked for.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;
// A carriage return is read as a line feed and white space in an attribute as a space, unless written by number.
const SPECIAL = { text: /[&<>\r]/g, attribute: /[&<>"\r\n\t]/g } as const;
const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Namespaces in force: the default one and those with a prefix. */
interface Names {
  readonly base: string;
  readonly prefixes: ReadonlyMap<string, string>;
}

function escapeText(text: string, kind: keyof typeof SPECIAL): string {
  if (FORBIDDEN.test(text))
    throw new MappingError(
      { file: 'output', line: 1, column: 1 },
      'XML cannot hold one of the characters of a text',
    );
  return text.replace(SPECIAL[kind], (found) => NAMED[found] ?? `&#${found.charCodeAt(0)};`);
}

function collectNamespaces(element: XmlElement, found: Set<string>): Set<string> {
  for (const { namespace } of element.attributes)
    if (namespace !== '' && namespace !== XML) found.add(namespace);
  for (const each of element.content) if (typeof each !== 'string') collectNamespaces(each, found);
  return found;
}

function writeAttribute({ namespace, name, value }: XmlAttribute, names: Names): string {
  const prefix = namespace === '' ? '' : `${names.prefixes.get(namespace)}:`;
  return ` ${prefix}${name}="${escapeText(value, 'attribute')}"`;
}

function writeElement(element: XmlElement, names: Names, indent: string | undefined, head = ''): string {
  const { namespace, name, attributes, content, raw } = element;
  if (raw !== undefined) return raw;
  const prefix = namespace === names.base ? undefined : names.prefixes.get(namespace);
  const inner = prefix === undefined ? { ...names, base: namespace } : names;
  const declared = inner.base === names.base ? '' : ` xmlns="${escapeText(namespace, 'attribute')}"`;
  const tag = prefix === undefined ? name : `${prefix}:${name}`;
  const start = `<${tag}${declared}${head}${attributes.map((each) => writeAttribute(each, inner)).join('')}`;
  if (content.length === 0) return `${start}/>`;
  // White space is added only where there is no text that it could become part of.
  const inside =
    indent === undefined || content.some((each) => typeof each === 'string') ? undefined : `${indent}  `;
  const lines = content.map((each) =>
    typeof each === 'string' ? escapeText(each, 'text') : writeElement(each, inner, inside),
  );
  if (inside === undefined) return `${start}>${lines.join('')}</${tag}>`;
  return `${start}>\n${lines.map((line) => `${inside}${line}\n`).join('')}${indent}</${tag}>`;
}

/**
 * Writes an element with everything in it.
 *
 * @param layout `lines` starts a line at each element where there is no text; `as it is` adds nothing
 * @throws MappingError when a text holds a character that XML cannot hold
 */
export function writeXml(root: XmlElement, layout: 'lines' | 'as it is'): string {
  const prefixes = new Map<string, string>([[XML, 'xml']]);
  for (const namespace of collectNamespaces(root, new Set()))
    prefixes.set(namespace, PREFIXES[namespace] ?? `ns${prefixes.size}`);
  const head = [...prefixes]
    .filter(([namespace]) => namespace !== XML)
    .map(([namespace, prefix]) => ` xmlns:${prefix}="${escapeText(namespace, 'attribute')}"`)
    .join('');
  return writeElement(root, { base: '', prefixes }, layout === 'lines' ? '' : undefined, head);
}
