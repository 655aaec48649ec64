/**
 * Resources in XML, for whoever takes and gives them over HTTP or in files: every fault told at once, and numbers and
 * narrative kept to the letter.
 *
 * @see https://hl7.org/fhir/R4/xml.html
 */
import type { Definitions } from '../../definitions/index.ts';
import { restoreNumbers } from '../../exact-json.ts';
import { createModels } from '../compile/model.ts';
import { MappingError } from '../types.ts';
import { decodeResource, type XmlFault } from './xml/decode.ts';
import { encodeResource } from './xml/encode.ts';
import { createFieldReader } from './xml/fields.ts';
import { FHIR, readXml, type XmlElement } from './xml/read-xml.ts';
import { writeXml } from './xml/write-xml.ts';

export type { XmlFault } from './xml/decode.ts';

export interface FhirXml {
  /**
   * Reads one resource.
   *
   * @param greatestDepth elements inside each other, at most
   * @returns the JSON form, and what is wrong; with a fault the JSON form is not whole
   */
  read(
    text: string,
    greatestDepth: number,
  ): { readonly resource: object; readonly faults: readonly XmlFault[] };
  /**
   * Writes one resource.
   *
   * @param layout `lines` starts a line at each element, `as it is` adds no white space
   * @throws MappingError that names the element when XML cannot hold it, e.g. a control character
   */
  write(resource: object, layout: 'lines' | 'as it is'): string;
}

/** Makes the reader and writer of resources in XML. */
export function createFhirXml(definitions: Definitions): FhirXml {
  const models = createModels(definitions);
  const context = { models, fieldsOf: createFieldReader(models) };
  return {
    read: (text, greatestDepth) => {
      const faults: XmlFault[] = [];
      const note = (fault: XmlFault) => void faults.push(fault);
      try {
        const root = readXml(text.replace(/^\ufeff/, ''), FILE, greatestDepth);
        requireNamespace(root);
        const resource = decodeResource({ ...context, onFault: note }, root);
        restoreNumbers(resource);
        return { resource, faults };
      } catch (error) {
        if (!(error instanceof MappingError)) throw error;
        const { line, column } = error.position;
        const message = error.message.slice(`${FILE}:${line}:${column}: `.length);
        return { resource: {}, faults: [...faults, { line, column, message }] };
      }
    },
    write: (resource, layout) => {
      const root = encodeResource(context, resource as Readonly<Record<string, unknown>>, 'resource');
      return `<?xml version="1.0" encoding="UTF-8"?>${layout === 'lines' ? '\n' : ''}${writeXml(root, layout)}`;
    },
  };
}

const FILE = 'body';

function requireNamespace({ name, namespace, position }: XmlElement): void {
  if (namespace === FHIR) return;
  throw new MappingError(position, `'${name}' must be in the namespace ${FHIR}`);
}
