/**
 * XML by the models: FHIR's own form for resources, the form that a logical model describes (attributes, text, markup,
 * xsi:type, mixed content, namespaces) for everything else, CDA above all.
 *
 * Decimals lose trailing zeros, because maps read and write the numbers of JavaScript. Comments, processing instructions and
 * xsi:schemaLocation are not data and are dropped.
 *
 * @see https://hl7.org/fhir/R4/xml.html
 */
import type { Definitions, Structure } from '../../definitions/index.ts';
import { unmarkNumbers } from '../../exact-json.ts';
import { createModels, isResource, type Shape } from '../compile/model.ts';
import { MappingError } from '../types.ts';
import type { Codec } from './codec.ts';
import { decodeObject, decodeResource, rootOf } from './xml/decode.ts';
import { encodeResource, encodeRoot } from './xml/encode.ts';
import { createFieldReader } from './xml/fields.ts';
import { FHIR, readXml, type XmlElement } from './xml/read-xml.ts';
import { writeXml } from './xml/write-xml.ts';

export interface XmlOptions {
  readonly definitions: Definitions;
  /** Logical models, e.g. of a connected system. */
  readonly models?: readonly Structure[];
  /** The logical model of what is read and written, by URL or name; resources need none. */
  readonly type?: string;
}

/**
 * Makes the codec of documents in XML.
 *
 * `parse` throws a MappingError with line and column for what is not well-formed, for any document type or entity, and
 * for what the model does not know; `print` throws one that names the element for a value that does not fit its model.
 * @throws Error when `type` is not known
 */
export function createXmlCodec({ definitions, models: further = [], type }: XmlOptions): Codec {
  const models = createModels(definitions, further);
  const context = { models, fieldsOf: createFieldReader(models) };
  const told = type === undefined ? undefined : models.find(type);
  if (type !== undefined && !told) throw new Error(`The model ${type} is not known.`);
  const logical = told && !isResource(told) ? told : undefined;

  const findRoot = ({ name, namespace, position }: XmlElement): Shape => {
    const candidates = logical ? [logical] : further.flatMap((each) => models.find(each.url) ?? []);
    const fits = (shape: Shape) => rootOf(shape).name === name && rootOf(shape).namespace === namespace;
    const wanted = logical && rootOf(logical);
    const hint = wanted ? `: '${wanted.name}' in the namespace '${wanted.namespace}' is wanted` : '';
    const found = candidates.find(fits);
    if (found) return found;
    throw new MappingError(position, `'${name}' in the namespace '${namespace}' is not known here${hint}`);
  };
  return {
    parse: (text, file) => {
      const root = readXml(text.replace(/^\ufeff/, ''), file);
      const isResource = root.namespace === FHIR && !logical;
      const value = isResource
        ? decodeResource(context, root)
        : decodeObject(context, root, findRoot(root), root.name);
      return unmarkNumbers(value);
    },
    print: (value) => {
      const json = value as Readonly<Record<string, unknown>>;
      const root = logical
        ? encodeRoot(context, json, logical, rootOf(logical))
        : encodeResource(context, json, 'resource');
      return `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml(root, 'lines')}\n`;
    },
  };
}
