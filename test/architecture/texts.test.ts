import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VARIABLES } from '../../src/config.ts';
import { projectFiles, ROOT, readProjectFile } from './project-files.ts';

const BINARY = /\.(png|jpg|ico|woff2?|pdf|gz|zip)$/;
const CONTROL = '0123456789ABCDEFHJKLMNPRSTUVWXY';
/** The example of the Digital and Population Data Services Agency: https://dvv.fi/en/personal-identity-code */
const PUBLISHED_EXAMPLE = '131052-308T';
const TESTS_OF_THE_CODE = new Set(['test/hetu.test.ts', 'test/conformance/hetu.test.ts']);
const INVALID_ON_PURPOSE = /invalid|wrong|not a code/i;

function headings(page: string): Set<string> {
  const titles = [...readProjectFile(page).matchAll(/^#+\s+(.+)$/gm)].map(([, title = '']) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

describe('the texts of the project', () => {
  it('name no path of the machine they were written on', () => {
    // Spelt in parts, so that this file does not hold what it looks for.
    const paths = [
      '/work' + '/',
      '/home' + '/',
      '/root' + '/',
      '/Users' + '/',
      'C:' + '\\\\Users',
      '/mnt' + '/',
    ];
    const found = projectFiles()
      .filter((path) => !BINARY.test(path) && path !== 'package-lock.json')
      .flatMap((path) => {
        const text = readProjectFile(path);
        return paths
          .filter((each) => new RegExp(`(^|[\\s'"\`(=:])${each}`, 'm').test(text))
          .map((each) => `${path}: ${each}`);
      });
    expect(found).toEqual([]);
  });

  it('document every variable that the code reads from the environment', () => {
    const documented = projectFiles('README.md', 'docs').map(readProjectFile).join('\n');
    const read = projectFiles('src')
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [
        ...readProjectFile(path).matchAll(
          /\b(?:process\.env|environment|env)(?:\.|\[')([A-Z][A-Z0-9_]{2,})\b/g,
        ),
      ])
      .map(([, name = '']) => name);
    expect(read).toContain('SILTA_TOKEN');
    const unknown = [...new Set(read)].filter(
      (name) => !(name in VARIABLES) && !documented.includes(`\`${name}\``),
    );
    expect(unknown).toEqual([]);
  });

  it('document every variable that a connected system names, in its own folder', () => {
    const missing = projectFiles('mappings')
      .filter((path) => path.endsWith('/system.yaml'))
      .flatMap((path) => {
        const readme = readProjectFile(join(dirname(path), 'README.md'));
        const names = [...readProjectFile(path).matchAll(/\$\{([A-Z][A-Z0-9_]*)/g)].map(
          ([, name = '']) => name,
        );
        return names.filter((name) => !readme.includes(name)).map((name) => `${path}: ${name}`);
      });
    expect(missing).toEqual([]);
  });

  it('link only to what is there', () => {
    const broken = projectFiles()
      .filter((path) => path.endsWith('.md'))
      .flatMap((page) => {
        const text = readProjectFile(page).replace(/```[\s\S]*?```/g, '');
        const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
        return links
          .filter((link) => !/^[a-z]+:/.test(link))
          .filter((link) => {
            const [file = '', anchor] = link.split('#');
            const target = file === '' ? page : normalize(join(dirname(page), file));
            if (!existsSync(join(ROOT, target))) return true;
            return anchor !== undefined && target.endsWith('.md') && !headings(target).has(anchor);
          })
          .map((link) => `${page}: ${link}`);
      });
    expect(broken).toEqual([]);
  });

  it('hold no personal identity code that could be somebody’s, and a wrong one only where it says so', () => {
    const wrong: string[] = [];
    for (const path of projectFiles('src', 'test', 'mappings', 'profiles', 'docs', 'bench', 'README.md')) {
      if (BINARY.test(path)) continue;
      for (const [index, line] of readProjectFile(path).split('\n').entries()) {
        for (const match of line.matchAll(/(?<![\w.])(\d{6})[-+A-FU-Y](\d{3})([0-9A-FHJ-NPR-Y])(?![\w-])/g)) {
          const [code, date = '', individual = '', control = ''] = match;
          const isTest = Number(individual) >= 900;
          const isRight = CONTROL[Number(date + individual) % 31] === control;
          const isWrongOnPurpose = !isRight && (INVALID_ON_PURPOSE.test(line) || TESTS_OF_THE_CODE.has(path));
          if ((isTest && isRight) || isWrongOnPurpose || code === PUBLISHED_EXAMPLE) continue;
          wrong.push(`${path}:${index + 1}: ${code}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
