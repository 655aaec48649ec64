/** Coverage as a page: the map's text, coloured by what the cases exercised. */
import type { Position } from '../types.ts';
import type { FileCoverage } from './file-coverage.ts';

interface Mark {
  readonly offset: number;
  readonly end: number;
  readonly kind: 'hit' | 'miss' | 'part';
  readonly title: string;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}
pre{font:13px/1.6 ui-monospace,monospace;counter-reset:line;overflow-x:auto}
pre>span::before{counter-increment:line;content:counter(line);display:inline-block;width:3em;color:#666}
mark{color:inherit}.hit{background:#d8f3dc}.miss{background:#ffc9c9;text-decoration:underline}.part{background:#ffec99;text-decoration:underline dotted}`;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** A whole page around a body. */
export function printPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(title)}</h1>
${body}
</body></html>
`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** A rule reaches to the next rule or group; conditions and rows lie on top of it. */
function collectMarks({ text, tree, coverage }: FileCoverage): readonly Mark[] {
  const lines = [0, ...[...text.matchAll(/\n/g)].map((found) => found.index + 1)];
  const offsetOf = ({ line, column }: Position): number => (lines[line - 1] ?? text.length) + column - 1;
  const starts = [...coverage.rules.map((each) => each.position), ...tree.groups.map((each) => each.position)]
    .map(offsetOf)
    .sort((left, right) => left - right);
  const marks = coverage.rules.map(({ position, count }): Mark => {
    const offset = offsetOf(position);
    const end = starts.find((each) => each > offset) ?? text.length;
    const title = count === 0 ? 'never applied' : `applied ${times(count)}`;
    return { offset, end, kind: count === 0 ? 'miss' : 'hit', title };
  });
  const onTop = [
    ...coverage.conditions.map(({ position, text: condition, whenTrue, whenFalse }): Mark => {
      const offset = offsetOf(position);
      const isWhole = whenTrue > 0 && whenFalse > 0;
      const title = `true ${times(whenTrue)}, false ${times(whenFalse)}`;
      return { offset, end: offset + condition.length, kind: isWhole ? 'hit' : 'part', title };
    }),
    ...coverage.rows.map(({ position, count }): Mark => {
      const offset = offsetOf(position);
      const lineEnd = text.indexOf('\n', offset);
      const title = count === 0 ? 'never translated' : `translated ${times(count)}`;
      return { offset, end: lineEnd < 0 ? text.length : lineEnd, kind: count === 0 ? 'miss' : 'hit', title };
    }),
  ];
  return [...marks, ...onTop];
}

/** The text with each character in its topmost mark; comments, closing braces and line ends are left plain. */
function printText(text: string, marks: readonly Mark[]): string {
  const top: (Mark | undefined)[] = new Array(text.length);
  for (const mark of marks) top.fill(mark, mark.offset, mark.end);
  for (const plain of text.matchAll(/\n|^[ \t]*(\/\/.*|[})]*;?[ \t]*)$|^[ \t]+|[ \t]+$/gm))
    top.fill(undefined, plain.index, plain.index + plain[0].length);
  let printed = '';
  for (let start = 0; start < text.length; ) {
    const mark = top[start];
    let end = start;
    while (end < text.length && top[end] === mark) end += 1;
    const piece = escapeHtml(text.slice(start, end));
    printed += mark ? `<mark class="${mark.kind}" title="${escapeHtml(mark.title)}">${piece}</mark>` : piece;
    start = end;
  }
  return printed;
}

/**
 * Prints the page of one map: green was exercised, red was not, yellow is a condition that went one way only. What the
 * colours say is in the titles, too, and what was missed is underlined.
 */
export function printCoveragePage(file: FileCoverage): string {
  const lines = printText(file.text, collectMarks(file)).split('\n');
  return printPage(file.file, `<pre>${lines.map((line) => `<span>${line}</span>`).join('\n')}</pre>`);
}
