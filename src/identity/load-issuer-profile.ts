/** Reads an issuer profile with the preset it extends and the metadata that is kept beside it. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { SiltaError } from '../outcome.ts';
import { type IssuerPresets, readIssuerProfile } from './issuer-profile.ts';
import type { IssuerProfile } from './types.ts';

/**
 * @param options.file YAML or JSON
 * @param options.presets folder with a YAML file for each preset
 * @throws SiltaError `invalid-request` (key `issuer-profile`) naming what is wrong or cannot be read
 */
export async function loadIssuerProfile(options: {
  readonly file: string;
  readonly presets: string;
  readonly mode: 'production' | 'sandbox';
}): Promise<IssuerProfile> {
  const value = parseYaml(await read(options.file, 'The issuer profile'), 'The issuer profile');
  const profile = readIssuerProfile(value, options.mode, await readPresets(options.presets));
  if (profile.metadata.from === 'discovery') return profile;
  const file = resolve(dirname(options.file), profile.metadata.file);
  return { ...profile, kept: (await read(file, 'metadata.file')).trim() };
}

/** The presets that come with the gateway, and those that a deployment puts beside them. */
export async function readPresets(directory: string): Promise<IssuerPresets> {
  const files = (await listFolder(directory)).filter((name) => name.endsWith('.yaml'));
  const entries = files.map(async (name) => {
    const what = `The preset ${name}`;
    return [
      name.slice(0, -'.yaml'.length),
      parseYaml(await read(join(directory, name), what), what),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** A deployment's profiles need not have presets. */
async function listFolder(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw wrong(`The folder of presets cannot be read (${code}).`, cause);
  }
}

async function read(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw wrong(`${what} cannot be read (${(cause as NodeJS.ErrnoException).code}).`, cause);
  }
}

function parseYaml(text: string, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw wrong(`${what} is not YAML.`, cause);
  }
  if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  throw wrong(`${what} is empty.`);
}

function wrong(message: string, cause?: unknown): SiltaError {
  return new SiltaError('invalid-request', message, {
    key: 'issuer-profile',
    ...(cause !== undefined && { cause }),
  });
}
