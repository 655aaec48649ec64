/** Where the installation's own files are, whether run from sources or from the build. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';

const PACKAGE_ROOT = join(import.meta.dirname, '..', '..');

export const VERSION = (
  JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
).version;

export const profilesDirectory = (config: Config) =>
  config.SILTA_PROFILES_DIR ?? join(PACKAGE_ROOT, 'profiles');

export const mappingsDirectory = (config: Config) =>
  config.SILTA_MAPPINGS_DIR ?? join(PACKAGE_ROOT, 'mappings');
