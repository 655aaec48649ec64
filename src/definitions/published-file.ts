/**
 * HL7's terminology and operation definitions as published, beside the compact index: whole resources, of which few are
 * ever asked for. One file: the length of the directory, the directory, the resources. A resource is read from its place
 * when it is asked for, so that displays and designations cost neither memory nor time at the start.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { Resource } from '../resource.ts';

/** Types that are kept whole. */
export const PUBLISHED_TYPES = ['CodeSystem', 'ValueSet', 'ConceptMap', 'OperationDefinition'] as const;
export type PublishedType = (typeof PUBLISHED_TYPES)[number];

/** Where each resource is, by type and canonical: offset and length in bytes after the directory. */
type Directory = Readonly<
  Record<string, Readonly<Record<string, readonly [offset: number, length: number]>>>
>;

const HEADER_BYTES = 12;
/** What tells of publication and presentation, and nothing a terminology service answers with. */
const LEFT_OUT: ReadonlySet<string> = new Set(['text', 'contact', 'extension', 'meta']);

/** The file's place: beside the index. */
export const publishedBeside = (indexFile: string): string => indexFile.replace(/\.json$/, '-published.json');

/** Writes the file; readers see the old one or the new one, never half of one. */
export async function writePublished(file: string, resources: readonly Resource[]): Promise<void> {
  const directory: Record<string, Record<string, readonly [number, number]>> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const resource of resources) {
    const url = resource['url'];
    if (typeof url !== 'string') continue;
    const kept = Object.entries(resource).filter(([name]) => !LEFT_OUT.has(name));
    const bytes = Buffer.from(JSON.stringify(Object.fromEntries(kept)));
    directory[resource.resourceType] ??= {};
    (directory[resource.resourceType] as Record<string, readonly [number, number]>)[url] = [
      offset,
      bytes.length,
    ];
    parts.push(bytes);
    offset += bytes.length;
  }
  const head = Buffer.from(JSON.stringify(directory));
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, [Buffer.from(String(head.length).padStart(HEADER_BYTES, '0')), head, ...parts]);
  await rename(part, file);
}

export interface PublishedFile {
  /** The resource with this URL, as published; parsed anew on every call. */
  read(type: PublishedType, url: string): Resource | undefined;
  urls(type: PublishedType): readonly string[];
}

/**
 * Opens the file on the first question.
 * @throws Error on the first question, when the file was not built
 */
export function openPublished(file: string): PublishedFile {
  let opened:
    | { readonly descriptor: number; readonly start: number; readonly directory: Directory }
    | undefined;
  const open = () => {
    opened ??= readDirectory(file);
    return opened;
  };
  return {
    read: (type, url) => {
      const { descriptor, start, directory } = open();
      const ofType = directory[type];
      const place = ofType && Object.hasOwn(ofType, url) ? ofType[url] : undefined;
      if (!place) return undefined;
      return JSON.parse(readAt(descriptor, start + place[0], place[1]).toString()) as Resource;
    },
    urls: (type) => Object.keys(open().directory[type] ?? {}),
  };
}

function readDirectory(file: string) {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (cause) {
    throw new Error(`${file} cannot be read: run \`npm run build\`.`, { cause });
  }
  try {
    const length = Number(readAt(descriptor, 0, HEADER_BYTES).toString());
    const directory = JSON.parse(readAt(descriptor, HEADER_BYTES, length).toString()) as Directory;
    return { descriptor, start: HEADER_BYTES + length, directory };
  } catch (cause) {
    closeSync(descriptor);
    throw new Error(`${file} is broken: run \`npm run build\`.`, { cause });
  }
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const count = readSync(descriptor, bytes, read, length - read, position + read);
    if (count === 0) throw new Error('unexpected end of file');
    read += count;
  }
  return bytes;
}
