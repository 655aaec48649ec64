/** `silta map test --watch`: runs a system's cases again when one of its files changes. */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join, relative } from 'node:path';
import { openCases, runFolder } from '../../systems/index.ts';
import { shownAs } from './folders.ts';
import { printCase } from './report-cases.ts';
import { paint, writeLine } from './terminal.ts';
import type { TestRun } from './test.ts';

/** Editors write a file in several steps; what comes within this time is one change. */
const SETTLE_MS = 20;

/** A folder and all folders in it: each needs a watch of its own where the system has no recursive one. */
function directoriesOf(folder: string): readonly string[] {
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...inner.flatMap((entry) => directoriesOf(join(folder, entry.name)))];
}

/** The case that a changed file belongs to; undefined when all may be meant: a map, a model, a shared input. */
function caseOf(folder: string, file: string): string | undefined {
  const [cases, name = ''] = relative(folder, file).split('/');
  return cases === 'cases' && name !== '' && !name.startsWith('_') ? name : undefined;
}

/** Runs what a change concerns and says how long it took; all lines of failing cases, a count of the others. */
async function runChanged(
  run: TestRun,
  folder: string,
  only: ReadonlySet<string> | undefined,
): Promise<void> {
  const start = performance.now();
  const shown = shownAs(folder);
  const system = folder.slice(folder.lastIndexOf('/') + 1);
  const isWanted = (name: string): boolean =>
    (only?.has(name) ?? true) && (run.filter === undefined || `${system}/${name}`.includes(run.filter));
  const results = runFolder(await openCases(folder, shown, run.context, isWanted));
  const failed = results.filter((result) => !result.passed);
  for (const result of failed) for (const line of printCase(result)) writeLine(line);
  const count = `${system}: ${results.length - failed.length} passed, ${failed.length} failed`;
  const milliseconds = Math.round(performance.now() - start);
  writeLine(`${paint(failed.length > 0 ? 'red' : 'green', count)} (${milliseconds} ms)`);
}

/** Collects the changes of one folder until they settle, then runs them; never two runs of a folder at once. */
class FolderWatch {
  readonly #run: TestRun;
  readonly #folder: string;
  readonly #watchers = new Map<string, FSWatcher>();
  #changed: Set<string> | 'all' | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(run: TestRun, folder: string) {
    this.#run = run;
    this.#folder = folder;
    this.#follow();
  }

  /** Watches folders that are new and lets go of those that are gone. */
  #follow(): void {
    const present = new Set(directoriesOf(this.#folder));
    for (const [path, watcher] of this.#watchers) {
      if (present.has(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of present) {
      if (this.#watchers.has(path)) continue;
      const told = (_: string, name: string | null) => this.#note(join(path, name ?? ''));
      // A folder that goes away is told by the one around it.
      this.#watchers.set(
        path,
        watch(path, told).on('error', () => this.#watchers.delete(path)),
      );
    }
  }

  #note(file: string): void {
    const name = caseOf(this.#folder, file);
    const isFirst = this.#changed === undefined;
    if (name === undefined || this.#changed === 'all') this.#changed = 'all';
    else this.#changed = new Set([...(this.#changed ?? []), name]);
    if (isFirst) setTimeout(() => this.#settle(), SETTLE_MS);
  }

  #settle(): void {
    const changed = this.#changed;
    this.#changed = undefined;
    this.#busy = this.#busy.then(async () => {
      try {
        this.#follow();
        await runChanged(this.#run, this.#folder, changed === 'all' ? undefined : changed);
      } catch (error) {
        // A file that is gone between two steps of an editor is there again with the next change.
        writeLine((error as Error).message);
      }
    });
  }
}

/** Runs everything once, then what changes, until the process is ended. */
export async function watchCases(run: TestRun): Promise<void> {
  for (const folder of run.folders) await runChanged(run, folder, undefined);
  for (const folder of run.folders) new FolderWatch(run, folder);
  writeLine(paint('dim', 'watching; Ctrl-C ends'));
  await new Promise<never>(() => undefined);
}
