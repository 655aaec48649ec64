/** Results of cases in the forms of `--reporter`: spec for people, junit for build servers, json for programs. */
import type { CaseResult, MutationReport } from '../../systems/index.ts';
import { paint } from './terminal.ts';

export const REPORTERS = ['spec', 'junit', 'json'] as const;
export type Reporter = (typeof REPORTERS)[number];

/** Part of the rules, outcomes of conditions and rows that the cases exercised, 0 to 1. */
export interface CoverageSummary {
  readonly ruleCoverage: number;
  readonly conditionCoverage: number;
  readonly rowCoverage: number;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** The lines that a person reads of one case. */
export function printCase(result: CaseResult): readonly string[] {
  const { passed, system, name, title, problem, differences } = result;
  const mark = passed ? paint('green', '✓') : paint('red', '✗');
  const lines = [`${mark} ${system}/${name}  ${title}`];
  if (problem) lines.push(`    ${problem.replaceAll('\n', '\n    ')}`);
  for (const { path, expected, actual, writtenBy } of differences) {
    const at = path === '' ? 'the result' : path;
    lines.push(`    ${at}: expected ${paint('green', shown(expected))}, got ${paint('red', shown(actual))}`);
    if (writtenBy) lines.push(`      written by ${writtenBy}`);
  }
  return lines;
}

/** The one JSON object of `--reporter json`. */
export function printJson(
  results: readonly CaseResult[],
  coverage: CoverageSummary,
  mutations: readonly MutationReport[],
): string {
  const passed = results.filter((result) => result.passed).length;
  const summary = {
    passed,
    failed: results.length - passed,
    ...coverage,
    ...(mutations.length > 0 && {
      mutants: {
        killed: mutations.reduce((sum, each) => sum + each.killed, 0),
        survived: mutations.reduce((sum, each) => sum + each.survivors.length, 0),
      },
    }),
  };
  return JSON.stringify({ summary, cases: results, ...(mutations.length > 0 && { mutations }) }, null, 2);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

function escapeXml(text: string): string {
  return (
    text
      .replace(/[&<>"\n]/g, (found) => ENTITIES[found] ?? found)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 cannot hold them in any form
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd')
  );
}

function printTest(result: CaseResult): string {
  const { system, name, title, passed, milliseconds } = result;
  const head = `    <testcase classname="${escapeXml(system)}" name="${escapeXml(`${name}: ${title}`)}" time="${(milliseconds / 1000).toFixed(3)}"`;
  if (passed) return `${head}/>`;
  const [, ...lines] = printCase(result);
  const message = lines.map((line) => line.trim()).join('\n');
  return `${head}>\n      <failure message="${escapeXml(message)}"/>\n    </testcase>`;
}

/** The file that build servers read: a suite for each system. */
export function printJunit(results: readonly CaseResult[]): string {
  const systems = [...new Set(results.map((result) => result.system))];
  const suites = systems.map((system) => {
    const own = results.filter((result) => result.system === system);
    const failures = own.filter((result) => !result.passed).length;
    const tests = own.map(printTest).join('\n');
    return `  <testsuite name="${escapeXml(system)}" tests="${own.length}" failures="${failures}">\n${tests}\n  </testsuite>`;
  });
  const failures = results.filter((result) => !result.passed).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="${results.length}" failures="${failures}">\n${suites.join('\n')}\n</testsuites>`;
}
