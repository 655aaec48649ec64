/** The mapping benchmark's figures as a table for people. */
import type { MapFigures } from './run-map.ts';

const line = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(14)).join('');
const mega = (bytes: number): string => (bytes / 1e6).toFixed(1);

export function toMapTable({ sizes, compile, reload, formats, leak }: MapFigures): string {
  const { lines, firstMillis, againMillis } = compile;
  return [
    line(['items', 'map µs/item', 'hand µs/item', 'times']),
    ...sizes.map(({ n, microsPerItem, handMicrosPerItem, ratio }) =>
      line([String(n), microsPerItem.toFixed(2), handMicrosPerItem.toFixed(2), ratio.toFixed(1)]),
    ),
    '',
    `A map of ${lines} lines is compiled in ${firstMillis.toFixed(1)} ms, after an edit in ${againMillis.toFixed(1)} ms.`,
    `A folder of ${reload.maps} such maps is there again ${reload.millis.toFixed(1)} ms after one was edited; all compiled anew: ${reload.wholeMillis.toFixed(1)} ms.`,
    '',
    line(['format', 'MB', 'MB/s', 'bare MB/s']),
    ...formats.map(({ format, bytes, bytesPerSecond, bareBytesPerSecond }) =>
      line([format, mega(bytes), mega(bytesPerSecond), mega(bareBytesPerSecond)]),
    ),
    ...(leak
      ? [
          '',
          `${leak.runs} runs: heap of ${mega(leak.heapBefore)} MB before, ${mega(leak.heapAfter)} MB after.`,
        ]
      : []),
  ].join('\n');
}
