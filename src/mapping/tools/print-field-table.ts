/** The fields of a map as a Markdown table. */
import type { MapTree } from '../tree.ts';
import type { Field } from './list-fields.ts';

/** Text in a cell: no line ends, no bars that would end it. */
function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

function code(text: string): string {
  const ticks = text.includes('`') ? '``' : '`';
  return cell(`${ticks}${text}${ticks}`);
}

/** What is a sentence stays one; FHIRPath and names are set as code. */
function printHow(how: string): string {
  return /^(as it is|always |a new |translated by )/.test(how) ? cell(how) : code(how);
}

/** Prints the heading and the table of one map. */
export function printFieldTable(file: string, map: MapTree, fields: readonly Field[]): string {
  const title = map.metadata.find((each) => each.key === 'title')?.value;
  const rows = fields.map(({ target, sources, how, when, rule, position }) => {
    const from = sources.map(code).join(', ') || '–';
    const conditions = when.map(code).join(' and ') || '–';
    const place = `${rule === undefined ? '' : `${cell(rule)}, `}line ${position.line}`;
    return `| ${code(target)} | ${from} | ${printHow(how)} | ${conditions} | ${place} |`;
  });
  return [
    `## ${title === undefined ? map.name : cell(String(title))} (\`${file}\`)`,
    '',
    '| element | from | how | when | rule |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
