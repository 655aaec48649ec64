/** The formats by their names. */
import type { Definitions, Structure } from '../../definitions/index.ts';
import type { Codec } from './codec.ts';
import { type CsvOptions, createCsvCodec } from './csv.ts';
import { createHl7v2Codec } from './hl7v2.ts';
import { json } from './json.ts';
import { createXmlCodec } from './xml.ts';

export const FORMATS = ['json', 'xml', 'hl7v2', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export interface CodecOptions extends Pick<CsvOptions, 'delimiter' | 'decimal' | 'header'> {
  readonly definitions: Definitions;
  /** Logical models, e.g. of a connected system. */
  readonly models?: readonly Structure[];
  /** The model of what is read and written, by URL or name. CSV needs one. */
  readonly type?: string;
}

/**
 * Makes the codec of a format.
 *
 * @throws Error when the model is not known or not one for the format
 */
export function createCodec(format: Format, options: CodecOptions): Codec {
  if (format === 'json') return json;
  if (format === 'xml') return createXmlCodec(options);
  if (format === 'hl7v2') return createHl7v2Codec(options);
  const { type } = options;
  if (type === undefined) throw new Error('CSV needs the logical model of the file.');
  return createCsvCodec({ ...options, type });
}

const SUFFIXES: Readonly<Record<string, Format>> = {
  json: 'json',
  xml: 'xml',
  hl7: 'hl7v2',
  er7: 'hl7v2',
  csv: 'csv',
};

/** The format of a file: by the end of its name, otherwise by how the text starts; JSON when neither tells. */
export function detectFormat(file: string, text: string): Format {
  const suffix = /\.([a-z0-9]+)$/i.exec(file)?.[1]?.toLowerCase() ?? '';
  if (Object.hasOwn(SUFFIXES, suffix)) return SUFFIXES[suffix] ?? 'json';
  const start = text.slice(0, 1000).replace(/^\ufeff?\s*/, '');
  if (start.startsWith('<')) return 'xml';
  return start.startsWith('MSH') ? 'hl7v2' : 'json';
}
