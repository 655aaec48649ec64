/** Reads `cases/<name>/case.yaml` and the files it names. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Faults } from './fault.ts';
import { readJson } from './read-json.ts';

const caseFile = z.strictObject({
  /** What the case shows, in a sentence. */
  title: z.string().min(1),
  /** File of the map in the system's folder. */
  map: z.string().regex(/^[\w.-]+\.fml$/),
  /** Input name to file, relative to the case; the ending tells the format. A single input is `input.json`. */
  sources: z.record(z.string(), z.string().regex(/\.(json|xml|hl7|er7|csv)$/)).optional(),
  /** The clock during the run. */
  now: z.iso.datetime({ offset: true }).optional(),
  /** JSON file with the wanted result, `expected.json` when nothing is said. */
  expected: z
    .string()
    .regex(/\.json$/)
    .optional(),
  /** The map must fail here instead of giving a result. */
  error: z
    .strictObject({
      /** `line:column` in the map. */
      at: z.string().regex(/^\d+:\d+$/),
      rule: z.string().optional(),
      /** A part of the message. */
      message: z.string().optional(),
    })
    .optional(),
});

/** What reading a case asks of the maps of its folder. */
export interface CaseMaps {
  /** Input names of a map; undefined when there is no such map. */
  sources(map: string): readonly string[] | undefined;
  /**
   * Reads an input that is not JSON.
   * @throws Faults when it does not have the format that its name says
   */
  parse(map: string, source: string, text: string, file: string): unknown;
}

export interface Case {
  readonly title: string;
  readonly map: string;
  readonly sources: Readonly<Record<string, unknown>>;
  readonly now: Date;
  /** Path of the file with the wanted result. */
  readonly expectedFile: string;
  readonly wanted:
    | { readonly result: unknown }
    /** The file with the wanted result is not there; its name. */
    | { readonly missing: string }
    | {
        readonly error: {
          readonly at: string;
          readonly rule?: string | undefined;
          readonly message?: string | undefined;
        };
      };
}

const DEFAULT_NOW = '2026-01-02T03:04:05.000Z';

/**
 * Reads one case.
 *
 * @param file path of its case.yaml
 * @throws Faults when the case or a file it names is broken
 */
export async function readCase(file: string, shown: string, maps: CaseMaps): Promise<Case> {
  if (!existsSync(file))
    throw new Faults([{ file: shown, line: 1, column: 1, message: 'there is no case.yaml' }]);
  const content = readCaseFile(await readFile(file, 'utf8'), shown);
  const names = maps.sources(content.map);
  if (!names)
    throw new Faults([{ file: shown, line: 1, column: 1, message: `there is no map '${content.map}'` }]);
  const folder = dirname(file);
  const read = (name: string) => {
    if (existsSync(join(folder, name))) return readJson(join(folder, name), join(dirname(shown), name));
    throw new Faults([{ file: shown, line: 1, column: 1, message: `there is no file '${name}'` }]);
  };
  const readText = async (name: string, parse: (text: string, at: string) => unknown) => {
    const path = join(folder, name);
    if (!existsSync(path)) return read(name);
    return parse(await readFile(path, 'utf8'), join(dirname(shown), name));
  };
  const expected = content.expected ?? 'expected.json';
  const readWanted = async () =>
    existsSync(join(folder, expected)) ? { result: await read(expected) } : { missing: expected };
  const sources: Record<string, unknown> = {};
  const files = content.sources ?? { [names[0] ?? 'source']: 'input.json' };
  for (const [name, path] of Object.entries(files)) {
    const parse = (text: string, at: string) => maps.parse(content.map, name, text, at);
    sources[name] = path.endsWith('.json') ? await read(path) : await readText(path, parse);
  }
  return {
    title: content.title,
    map: content.map,
    sources,
    now: new Date(content.now ?? DEFAULT_NOW),
    expectedFile: join(folder, expected),
    wanted: content.error ? { error: content.error } : await readWanted(),
  };
}

function readCaseFile(text: string, shown: string): z.infer<typeof caseFile> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const message = broken.message.split('\n')[0] ?? broken.code;
    throw new Faults([{ file: shown, line, column: col, message }]);
  }
  const read = caseFile.safeParse(document.toJS());
  if (read.success) return read.data;
  throw new Faults(
    read.error.issues.map((issue) => {
      const node = document.getIn(issue.path.map(String), true) as
        | { range?: [number, number, number] }
        | undefined;
      const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
      const where = issue.path.length > 0 ? `'${issue.path.join('.')}': ` : '';
      return {
        file: shown,
        line: Math.max(1, line),
        column: Math.max(1, col),
        message: where + issue.message,
      };
    }),
  );
}
