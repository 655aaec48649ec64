/** Second half of `npm run build`: what the TypeScript compiler leaves behind. */

import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDefinitions } from '../definitions/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Copies every file of `src` that is not TypeScript (migrations, styles, pages) to its place in `dist`. */
async function copyAssets(source: string, target: string): Promise<void> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.endsWith('.ts')) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(target, relative(source, from));
    await mkdir(dirname(to), { recursive: true });
    await cp(from, to);
  }
}

/** npm links a package's command where the package is installed, not in its own checkout: `npx silta` shall work here too. */
async function linkCommand(): Promise<void> {
  const commands = join(root, 'node_modules', '.bin');
  if (process.platform === 'win32' || !existsSync(commands)) return;
  const main = join(root, 'dist', 'cli', 'main.js');
  const link = join(commands, 'silta');
  await chmod(main, 0o755);
  await rm(link, { force: true });
  await symlink(relative(commands, main), link);
}

// A migration that was renamed would stay behind under its old number.
await rm(join(root, 'dist', 'store', 'migrations'), { recursive: true, force: true });
await copyAssets(join(root, 'src'), join(root, 'dist'));
await linkCommand();
await buildDefinitions(join(root, 'dist', 'definitions', 'r4.json'));
