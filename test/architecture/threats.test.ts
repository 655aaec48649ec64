import { describe, expect, it } from '@jest/globals';
import { projectFiles, readProjectFile } from './project-files.ts';

const PAGE = 'docs/security.md';
const COMPONENTS = [
  'browser, sign-in',
  'mandates',
  'OAuth, SMART',
  'FHIR API',
  'search',
  'export',
  'subscriptions',
  'terminology',
  'mapping, `$transform`',
  'inbound',
  'deliveries',
  'console, admin',
  'database',
  'files, keys',
];

/** Rows of the table of threats: component, kind, the test's file and its name. */
const section = readProjectFile(PAGE).split('\n## Threats by component\n')[1]?.split('\n## ')[0] ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| component'))
  .map((line) => {
    const [, component = '', kind = '', file = '', name = ''] =
      /^\| ([^|]+) \| ([STRIDE]) \| [^|]+ \| \[[^\]]+\]\(\.\.\/([^)]+)\): “(.+)” \|$/.exec(line) ?? [];
    return { line, component, kind, file, name };
  });

describe('the table of threats', () => {
  it('covers every component', () => {
    expect([...new Set(rows.map(({ component }) => component))]).toEqual(COMPONENTS);
  });

  it('names tests that there are', () => {
    const files = new Set(projectFiles('test'));
    const names = (file: string) => (files.has(file) ? readProjectFile(file) : '');
    // A test's name stands alone between quotes, so that a part of another's is none.
    const isThere = ({ file, name }: { readonly file: string; readonly name: string }) =>
      name !== '' && ["'", '"', '`'].some((quote) => names(file).includes(`${quote}${name}${quote}`));
    expect(rows.filter((row) => !isThere(row)).map(({ line }) => line)).toEqual([]);
  });
});
