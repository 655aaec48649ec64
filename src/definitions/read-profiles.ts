import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resource } from '../resource.ts';

export interface ProfileFile {
  readonly file: string;
  readonly resource: Resource;
}

/**
 * Reads every `.json` file under a directory as a FHIR resource, in the order of their paths.
 * @throws Error naming the file that is not JSON or not a resource
 */
export async function readProfiles(directory: string): Promise<ProfileFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(files.map(async (file) => ({ file, resource: await readResource(file) })));
}

async function readResource(file: string): Promise<Resource> {
  const text = await readFile(file, 'utf8');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof content !== 'object' || content === null || !('resourceType' in content)) {
    throw new Error(`${file}: not a FHIR resource: it has no resourceType.`);
  }
  if (typeof content.resourceType !== 'string') throw new Error(`${file}: resourceType must be a string.`);
  return content as Resource;
}
