/** Texts of XML as JSON values: primitives by their type, narrative to the letter. */
import { isPlainNumber, markNumber } from '../../../exact-json.ts';
import { type Shape, typeName } from '../../compile/model.ts';
import { CastFailure, castPrimitive, jsonTypeOf } from '../../compile/primitive.ts';
import { FHIR, readXml, refuse, XHTML, type XmlElement } from './read-xml.ts';
import { writeXml } from './write-xml.ts';

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const WHOLE = /^(?:0|-?[1-9]\d*)$/;
/** Characters of a number at most. */
const MOST_DIGITS = 1000;

/** FHIR writes these as JSON does; a number whose double is written otherwise is marked, so that its digits are kept. */
function decodeFhirLiteral(text: string, type: string): unknown {
  if (type === 'boolean') return /^(?:true|false)$/.test(text) ? text === 'true' : undefined;
  const fits = (type === 'decimal' ? NUMBER : WHOLE).test(text) && text.length <= MOST_DIGITS;
  if (!fits || !Number.isFinite(Number(text))) return undefined;
  return isPlainNumber(text) ? Number(text) : markNumber(text);
}

/** A primitive's text as its JSON value; numbers may be marked: see `restoreNumbers`. */
export function decodeScalar(text: string, shape: Shape, { position, namespace }: XmlElement): unknown {
  const type = typeName(shape);
  if (jsonTypeOf(type) === 'string') return text;
  if (namespace === FHIR)
    return decodeFhirLiteral(text, type) ?? refuse(position, `this is not a valid ${type}`);
  try {
    return castPrimitive(text, type);
  } catch (error) {
    if (!(error instanceof CastFailure)) throw error;
    return refuse(position, `this is not a valid ${type}`);
  }
}

const OWN_NAMESPACE = new RegExp(`^<div\\s(?:[^>]*\\s)?xmlns\\s*=\\s*(["'])${XHTML}\\1`);

/** Narrative to the letter, where its text alone says everything; other markup written anew. */
export function decodeMarkup(element: XmlElement): string {
  const { raw, ...tree } = element;
  if (raw !== undefined && OWN_NAMESPACE.test(raw) && standsAlone(raw)) return raw;
  return writeXml(tree, 'as it is');
}

/** Whether no prefix in a text was declared outside of it. */
function standsAlone(text: string): boolean {
  try {
    readXml(text, '');
    return true;
  } catch {
    return false;
  }
}
