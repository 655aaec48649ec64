/** `silta map test --coverage`: what the cases exercised, as a table, lcov and pages, held against thresholds. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  type Coverage,
  type CoverageLine,
  countCoverage,
  createCoverage,
  escapeHtml,
  type FileCoverage,
  listMisses,
  percentOf,
  printCoveragePage,
  printCoverageTable,
  printLcov,
  printPage,
} from '../../mapping/index.ts';
import { type FolderMaps, readCoverageThresholds, type WatchFolder } from '../../systems/index.ts';
import { faultsAsUse, shownAs } from './folders.ts';
import type { CoverageSummary } from './report-cases.ts';

interface Watched {
  readonly folder: string;
  readonly compiled: FolderMaps;
  readonly coverage: Coverage;
}

/** Where reports are written to. */
export interface ReportFolders {
  readonly lcov?: string;
  readonly html?: string;
}

/** Collects while cases run, then reports. */
export interface CoverageReport {
  readonly watch: WatchFolder;
  /**
   * Prints the table and writes what is asked for.
   * @returns what is below a threshold, a sentence each
   */
  finish(write: (line: string) => void, folders: ReportFolders): Promise<readonly string[]>;
  /** What was exercised of all maps together. */
  summary(): CoverageSummary;
}

/** Makes an empty report. */
export function createCoverageReport(): CoverageReport {
  const watched: Watched[] = [];
  return {
    watch: (folder, compiled) => {
      const coverage = createCoverage();
      watched.push({ folder, compiled, coverage });
      return coverage.observer;
    },
    finish: async (write, folders) => {
      const files = watched.flatMap(readFiles);
      for (const line of printCoverageTable([...files.map(lineOf), ...watched.flatMap(conceptMapLines)]))
        write(line);
      if (folders.lcov !== undefined) {
        await mkdir(folders.lcov, { recursive: true });
        await writeFile(join(folders.lcov, 'lcov.info'), printLcov(files));
      }
      if (folders.html !== undefined) await writePages(folders.html, files);
      return (await Promise.all(watched.map(judge))).flat();
    },
    summary: () => {
      const all = watched.map(countAll);
      const part = (kind: 'rules' | 'conditions' | 'rows'): number => {
        const [hit, of] = [sum(all.map((each) => each[kind].hit)), sum(all.map((each) => each[kind].of))];
        return percentOf({ hit, of }) / 100;
      };
      return {
        ruleCoverage: part('rules'),
        conditionCoverage: part('conditions'),
        rowCoverage: part('rows'),
      };
    },
  };
}

function readFiles({ folder, compiled, coverage }: Watched): readonly FileCoverage[] {
  return [...compiled.trees].map(([name, tree]) => ({
    file: `${shownAs(folder)}/${name}`,
    text: readFileSync(join(folder, name), 'utf8'),
    tree,
    coverage: coverage.report(tree),
  }));
}

function lineOf({ file, coverage }: FileCoverage): CoverageLine {
  return { file, parts: countCoverage([coverage]), misses: listMisses(coverage) };
}

/** ConceptMaps that are files of their own have a line of their own. */
function conceptMapLines({ compiled, coverage, folder }: Watched): readonly CoverageLine[] {
  return compiled.conceptMaps.map((map) => {
    const rows = coverage.reportRows(map);
    const missed = rows.filter((row) => row.count === 0);
    return {
      file: `${shownAs(folder)}: ConceptMap ${map.url?.slice(map.url.lastIndexOf('/') + 1) ?? ''}`,
      parts: countCoverage([], rows),
      misses: missed.map(({ code }) => `never translated: '${code}'`),
    };
  });
}

async function writePages(directory: string, files: readonly FileCoverage[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const pages = files.map((file) => ({
    file,
    name: `${file.file
      .split('/')
      .slice(-2)
      .join('-')
      .replace(/\.fml$/, '')}.html`,
  }));
  const rows = pages.map(({ file, name }) => {
    const parts = Object.values(countCoverage([file.coverage])).map(
      (part) => `<td>${Math.floor(percentOf(part))} %</td>`,
    );
    return `<tr><td><a href="${escapeHtml(name)}">${escapeHtml(file.file)}</a></td>${parts.join('')}</tr>`;
  });
  const head = '<tr><th>map</th><th>rules</th><th>conditions</th><th>rows</th></tr>';
  await Promise.all([
    ...pages.map(({ file, name }) => writeFile(join(directory, name), printCoveragePage(file))),
    writeFile(
      join(directory, 'index.html'),
      printPage('Coverage of maps', `<table>${head}${rows.join('')}</table>`),
    ),
  ]);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function countAll({ compiled, coverage }: Watched) {
  return countCoverage(
    [...compiled.trees.values()].map((tree) => coverage.report(tree)),
    compiled.conceptMaps.flatMap((map) => coverage.reportRows(map)),
  );
}

async function judge(watched: Watched): Promise<readonly string[]> {
  const { folder } = watched;
  const thresholds = await faultsAsUse(readCoverageThresholds(folder, shownAs(folder)));
  const parts = countAll(watched);
  return (['rules', 'conditions', 'rows'] as const).flatMap((kind) => {
    const [least = 0, reached] = [thresholds[kind], percentOf(parts[kind])];
    if (reached >= least) return [];
    return [
      `${basename(folder)}: ${Math.floor(reached)} % of the ${kind} are covered, ${least} % are wanted`,
    ];
  });
}
