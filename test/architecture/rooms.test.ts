import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { projectFiles, ROOT, readProjectFile } from './project-files.ts';

/** Rooms of the table in docs/architecture.md, with the rooms each may import. */
function roomsOfTheTable(): ReadonlyMap<string, string> {
  const rows = readProjectFile('docs/architecture.md').matchAll(
    /^\| `([a-z]+)`\s*\|[^|]+\|\s*([^|]+?)\s*\|$/gm,
  );
  return new Map([...rows].map(([, room = '', imports = '']) => [room, imports]));
}

const biome = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');

async function lint(path: string): Promise<string> {
  const run = promisify(execFile)(process.execPath, [biome, 'lint', '--reporter=json', path], { cwd: ROOT });
  return run.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

describe('the rooms', () => {
  it('are those of the table in docs/architecture.md, and each shows an index.ts', () => {
    const onDisk = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(onDisk.sort()).toEqual([...roomsOfTheTable().keys()].sort());
    // Nothing imports the command line: it shows nothing.
    const shown = onDisk.filter((room) => room !== 'cli');
    expect(shown.filter((room) => !existsSync(join(ROOT, 'src', room, 'index.ts')))).toEqual([]);
  });

  it('import only what the table allows', () => {
    const wrong: string[] = [];
    for (const [room, allowed] of roomsOfTheTable()) {
      if (allowed === 'all') continue;
      const may = new Set([room, ...allowed.split(/,\s*/)]);
      for (const path of projectFiles(`src/${room}`).filter((each) => each.endsWith('.ts'))) {
        for (const [, imported = ''] of readProjectFile(path).matchAll(
          /from '(?:\.\.\/)+([a-z-]+)\/[^']*'/g,
        )) {
          const isRoom = roomsOfTheTable().has(imported);
          if (isRoom && !may.has(imported)) wrong.push(`${path} imports ${imported}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('are kept apart by the lint rules, with messages that say why', async () => {
    const path = join('src', 'mapping', `intruder-${process.pid}.ts`);
    try {
      await writeFile(
        join(ROOT, path),
        [
          "import pg from 'pg';",
          "import { readConfig } from '../config.ts';",
          "import { loadDefinitions } from '../definitions/load-definitions.ts';",
          "import { createStore } from '../store/index.ts';",
          '',
          'export const intruder = [pg, readConfig, loadDefinitions, createStore];',
          '',
        ].join('\n'),
      );
      const { diagnostics } = JSON.parse(await lint(path)) as {
        diagnostics: readonly { category: string; severity: string }[];
      };
      const refused = diagnostics.filter(({ category }) => category.endsWith('noRestrictedImports'));
      expect(refused.map(({ severity }) => severity)).toEqual(['error', 'error', 'error', 'error']);
      const said = JSON.stringify(diagnostics);
      expect(said).toContain('Only the store talks to Postgres.');
      expect(said).toContain("The room 'mapping' may not import this room: see docs/architecture.md, Rooms.");
      expect(said).toContain('A room shows only its index.ts.');
      expect(said).toContain('Only gateway.ts and the cli know the composition and the environment.');
    } finally {
      await rm(join(ROOT, path), { force: true });
    }
  });

  it('have no file of more than 300 lines', () => {
    const long = projectFiles('src')
      .filter((path) => path.endsWith('.ts'))
      .map((path) => ({ path, lines: readProjectFile(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  it('leave the environment to the configuration and the command line', () => {
    const readers = projectFiles('src').filter(
      (path) =>
        path.endsWith('.ts') &&
        /process\.env\b/.test(
          readProjectFile(path)
            .replace(/^\s*(\/?\*|\/\/).*$/gm, '')
            .replace(/`[^`\n]*process\.env[^`\n]*`/g, ''),
        ),
    );
    expect(readers.filter((path) => !path.startsWith('src/cli/') && path !== 'src/config.ts')).toEqual([]);
  });
});
