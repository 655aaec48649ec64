/**
 * XML text → a tree of elements. No document type, so no entities but the five of XML itself: nothing grows, nothing is
 * fetched.
 *
 * @see https://www.w3.org/TR/xml/ and https://owasp.org/www-community/vulnerabilities/XML_External_Entity_(XXE)_Processing
 */
import { SaxesParser } from 'saxes';
import { MappingError, type Position } from '../../types.ts';

export interface XmlAttribute {
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

export interface XmlElement {
  readonly namespace: string;
  /** Without prefix. */
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  /** Text and elements in their order. */
  readonly content: readonly (XmlElement | string)[];
  readonly position: Position;
  /** Its text as it came, for an XHTML element inside of something else: narrative is kept to the letter. */
  readonly raw?: string;
}

interface OpenElement extends XmlElement {
  readonly content: (XmlElement | string)[];
  raw?: string;
}

/** Namespace of the declarations themselves. */
const XMLNS = 'http://www.w3.org/2000/xmlns/';
/** Namespace of resources. */
export const FHIR = 'http://hl7.org/fhir';
/** Namespace of narrative. */
export const XHTML = 'http://www.w3.org/1999/xhtml';
/** Deeper documents are refused: what reads them goes down with them. */
const GREATEST_DEPTH = 500;

/**
 * Reads an XML document.
 *
 * @param file the name used in errors
 * @param greatestDepth elements inside each other, at most
 * @returns the root element
 * @throws MappingError with line and column: not well-formed, a document type, an unknown entity or prefix, too deep
 */
export function readXml(text: string, file: string, greatestDepth = GREATEST_DEPTH): XmlElement {
  const parser = new SaxesParser({
    xmlns: true,
    position: true,
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
  });
  const here = (): Position => ({ file, line: parser.line, column: Math.max(1, parser.columnIndex) });
  const stop = (message: string, at = here()): never => {
    throw new MappingError(at, `not XML: ${message}`);
  };
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let start = here();
  const offsets: number[] = [];
  parser.on('error', (error) => stop(error.message.replace(/^\d+:\d+: /, '')));
  parser.on('doctype', () => stop('a document type (<!DOCTYPE …>) is not accepted'));
  const addText = (piece: string) => open.at(-1)?.content.push(piece);
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('opentagstart', ({ name }) => {
    // The name and one character behind it have been read.
    const offset = parser.position - name.length - 2;
    offsets.push(offset);
    const { line, columnIndex } = parser;
    const isLineBefore = columnIndex === 0;
    const column = isLineBefore
      ? offset - text.lastIndexOf('\n', offset)
      : Math.max(1, columnIndex - name.length - 1);
    start = { file, line: isLineBefore ? line - 1 : line, column };
  });
  parser.on('opentag', (tag) => {
    if (open.length === greatestDepth) stop(`elements are nested deeper than ${greatestDepth}`);
    const attributes = Object.values(tag.attributes)
      .filter((each) => each.uri !== XMLNS)
      .map((each) => ({
        namespace: each.prefix === '' ? '' : each.uri,
        name: each.local,
        value: each.value,
      }));
    const element = { namespace: tag.uri, name: tag.local, attributes, content: [], position: start };
    open.at(-1)?.content.push(element);
    open.push(element);
    root ??= element;
  });
  parser.on('closetag', () => {
    const closed = open.pop();
    const offset = offsets.pop();
    if (closed?.namespace !== XHTML || open.at(-1)?.namespace === XHTML) return;
    closed.raw = text.slice(offset, parser.position);
  });
  parser.write(text).close();
  return root ?? stop('there is no element');
}

/** The text of an element without what its elements hold. */
export function textOf(element: XmlElement): string {
  return element.content.filter((each) => typeof each === 'string').join('');
}

export function elementsOf(element: XmlElement): readonly XmlElement[] {
  return element.content.filter((each) => typeof each !== 'string');
}

/** @throws MappingError always */
export function refuse(position: Position, message: string): never {
  throw new MappingError(position, message);
}
