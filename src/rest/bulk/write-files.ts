/** Writes the files of a run: lines as they come, one gzip stream a file, cut into rows of the store. */
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ClaimedExport, ExportFile, ExportStore, RowSource } from '../../store/index.ts';

/** The run no longer holds its job: it was cancelled, or another gateway took it. */
export class LostJob extends Error {
  override readonly name = 'LostJob';
}

export interface FileWriter {
  /** Writes every row as a line, in as many files as the limit asks for. Returns the number of lines. */
  write(kind: ExportFile['kind'], type: string, rows: RowSource<string>): Promise<number>;
}

/** Bytes of a row of the store. */
const CHUNK = 1_048_576;
/** Lines fetched at once: first, at most, and the characters above which fewer are fetched. */
const [FIRST, MOST, LARGE] = [16, 1_000, 1_048_576];

/**
 * @param rowsPerFile lines of a file at most
 * @param signal ends the writing
 */
export function createFileWriter(
  store: Pick<ExportStore, 'addChunk' | 'addFile'>,
  job: ClaimedExport,
  rowsPerFile: number,
  signal: AbortSignal,
): FileWriter {
  let files = 0;
  const demand = (held: boolean): void => {
    if (!held) throw new LostJob('The export was cancelled or taken over.');
  };
  const writeFile = async (kind: ExportFile['kind'], type: string, lines: Lines): Promise<number> => {
    const file = ++files;
    await pipeline(
      lines.take(rowsPerFile),
      createGzip(),
      async (packed: AsyncIterable<Uint8Array>) => {
        let n = 0;
        for await (const data of inChunks(packed)) demand(await store.addChunk(job, { file, n: n++, data }));
      },
      { signal },
    );
    const count = lines.taken();
    demand(await store.addFile(job, { file, kind, type, count }));
    return count;
  };
  return {
    async write(kind, type, rows) {
      signal.throwIfAborted();
      const lines = await createLines(rows);
      let total = 0;
      while (!lines.ended()) total += await writeFile(kind, type, lines);
      return total;
    },
  };
}

interface Lines {
  /** The next lines, at most so many, in portions of text. */
  take(most: number): AsyncGenerator<string>;
  /** How many the last `take` gave. */
  taken(): number;
  ended(): boolean;
}

/** Fetches one portion ahead, so that no file is begun for nothing. */
async function createLines(rows: RowSource<string>): Promise<Lines> {
  let size = FIRST;
  let waiting: readonly string[] = await rows.fetch(size);
  let taken = 0;
  const next = async (): Promise<readonly string[]> => {
    const length = waiting.reduce((sum, line) => sum + line.length, 0);
    if (length > LARGE) size = Math.max(1, Math.floor(size / 2));
    else if (length < LARGE / 4) size = Math.min(MOST, size * 2);
    return rows.fetch(size);
  };
  return {
    async *take(most) {
      taken = 0;
      while (waiting.length > 0 && taken < most) {
        const part = waiting.slice(0, most - taken);
        taken += part.length;
        yield `${part.join('\n')}\n`;
        waiting = part.length < waiting.length ? waiting.slice(part.length) : await next();
      }
    },
    taken: () => taken,
    ended: () => waiting.length === 0,
  };
}

async function* inChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.byteLength;
    if (size < CHUNK) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(parts);
}
