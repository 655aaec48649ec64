import { describe, expect, it } from '@jest/globals';
import {
  countCoverage,
  createCoverage,
  type FileCoverage,
  listMisses,
  percentOf,
  printCoveragePage,
  printCoverageTable,
  printLcov,
} from '../../src/mapping/index.ts';
import { compile, environment, mapText, parse } from './map-fixture.ts';

const TEXT = mapText(
  'Patient',
  'Ticket',
  `src.name as n where use < 'p' -> tgt.Lines as l, l.Text = n.family "name";

// what comes next is <never> reached
src.gender as g -> tgt.Priority = translate(g, '#g', 'code') "gender";`,
  '',
  'conceptmap "#g" { prefix s = "urn:s" prefix t = "urn:t"\n s:male == t:M\n s:female == t:F }',
);
const tree = parse(TEXT);

/** What a patient with these names and gender exercises. */
function cover(sources: readonly { readonly use: string; readonly gender?: string }[]): FileCoverage {
  const coverage = createCoverage();
  for (const { use, gender } of sources)
    compile(TEXT).observe(
      { src: { resourceType: 'Patient', gender, name: [{ use, family: 'Aalto' }] } },
      environment(),
      coverage.observer,
    );
  return { file: 'maps/t.fml', text: TEXT, tree, coverage: coverage.report(tree) };
}

const half = cover([{ use: 'old' }]);
const whole = cover([
  { use: 'old', gender: 'male' },
  { use: 'usual', gender: 'female' },
]);

describe('reports of coverage', () => {
  it('counts rules, both outcomes of conditions and rows, of one map and of several', () => {
    expect(countCoverage([half.coverage])).toEqual({
      rules: { hit: 1, of: 2 },
      conditions: { hit: 1, of: 2 },
      rows: { hit: 0, of: 2 },
    });
    expect(countCoverage([half.coverage, whole.coverage], [{ count: 3 }, { count: 0 }])).toEqual({
      rules: { hit: 3, of: 4 },
      conditions: { hit: 3, of: 4 },
      rows: { hit: 3, of: 6 },
    });
    expect([percentOf({ hit: 1, of: 8 }), percentOf({ hit: 0, of: 0 })]).toEqual([12.5, 100]);
  });

  it('counts the rows of a ConceptMap that is a file of its own', () => {
    const coverage = createCoverage();
    coverage.observer.translated?.('urn:map', 'urn:s', 'a');
    coverage.observer.translated?.('urn:map', undefined, 'b');
    coverage.observer.translated?.('urn:other', 'urn:s', 'c');
    const element = ['a', 'b', 'c'].map((code) => ({ code }));
    expect(
      coverage.reportRows({
        resourceType: 'ConceptMap',
        status: 'active',
        url: 'urn:map',
        group: [{ source: 'urn:s', element }],
      }),
    ).toEqual([
      { conceptMap: 'urn:map', code: 'a', count: 1 },
      { conceptMap: 'urn:map', code: 'b', count: 1 },
      { conceptMap: 'urn:map', code: 'c', count: 0 },
    ]);
  });

  it('prints a table with what is missing below each map', () => {
    const lines = [half, whole].map(({ file, coverage }) => ({
      file,
      parts: countCoverage([coverage]),
      misses: listMisses(coverage),
    }));
    expect(printCoverageTable(lines)).toEqual([
      'map         rules        conditions   rows',
      'maps/t.fml  50 % (1/2)   50 % (1/2)   0 % (0/2)',
      "  3:2 never translated: 'male'",
      "  4:2 never translated: 'female'",
      expect.stringMatching(/^ {2}8:\d+ never false: use < 'p'$/),
      "  11:1 never applied: 'gender'",
      'maps/t.fml  100 % (2/2)  100 % (2/2)  100 % (2/2)',
    ]);
  });

  it('prints lcov: lines for rules and rows, branches for conditions', () => {
    expect(printLcov([half])).toBe(
      [
        'TN:',
        'SF:maps/t.fml',
        'BRDA:8,0,0,1',
        'BRDA:8,0,1,0',
        'BRF:2',
        'BRH:1',
        'DA:3,0',
        'DA:4,0',
        'DA:8,1',
        'DA:11,0',
        'LF:4',
        'LH:1',
        'end_of_record',
        '',
      ].join('\n'),
    );
  });

  it('prints a page with the text of the map, coloured, and nothing of it as markup', () => {
    const page = printCoveragePage(half);
    expect(page).toContain('<mark class="hit" title="applied once">src.name as n where </mark>');
    expect(page).toContain('<mark class="part" title="true once, false 0 times">use &#60; \'p\'</mark>');
    expect(page).toContain('<mark class="miss" title="never applied">src.gender as g');
    expect(page).toContain('<mark class="miss" title="never translated">s:male == t:M</mark>');
    expect(page).toContain('<span>// what comes next is &#60;never&#62; reached</span>');
    const shown = page.slice(page.indexOf('<pre>') + 5, page.indexOf('</pre>')).replace(/<[^>]*>/g, '');
    expect(shown.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))).toBe(TEXT);
    expect(page).not.toMatch(/<mark[^>]*>\s*<\/span>/);
    expect(printCoveragePage(whole)).not.toContain('class="miss"');
  });
});
