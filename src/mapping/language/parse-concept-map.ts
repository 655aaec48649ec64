/**
 * `conceptmap` blocks inside a map.
 *
 * @see https://build.fhir.org/mapping-language.html#concept-maps
 */
import type {
  ConceptMapNode,
  ConceptPrefixNode,
  ConceptRelation,
  ConceptRowNode,
  ConceptUnmappedNode,
} from '../tree.ts';
import type { Cursor } from './cursor.ts';

const RELATIONS: readonly ConceptRelation[] = ['-', '=', '==', '!=', '--', '<=', '<-', '>=', '>-', '~'];

function parsePrefix(cursor: Cursor): ConceptPrefixNode {
  const { position } = cursor.expect('prefix');
  const name = cursor.expectName();
  cursor.expect('=');
  return { name, url: cursor.expectText(), position };
}

function parseUnmapped(cursor: Cursor): ConceptUnmappedNode {
  const { position } = cursor.expect('unmapped');
  cursor.expect('for');
  const prefix = cursor.expectName();
  cursor.expect('=');
  const first = cursor.expectOneOf(['provided', 'fixed', 'other']);
  if (first === 'provided') return { prefix, mode: 'provided', position };
  if (first === 'fixed') return { prefix, mode: 'fixed', value: cursor.expectText(), position };
  cursor.expect('-');
  cursor.expect('map');
  return { prefix, mode: 'other-map', value: cursor.expectText(), position };
}

function parseCode(cursor: Cursor): { prefix: string; code: string } {
  const prefix = cursor.expectName();
  cursor.expect(':');
  if (cursor.hasKind('string') || cursor.hasKind('double')) return { prefix, code: cursor.expectText() };
  if (cursor.hasKind('number')) return { prefix, code: cursor.take().text };
  return { prefix, code: cursor.expectName() };
}

function parseRelation(cursor: Cursor): ConceptRelation {
  const position = cursor.position;
  let text = '';
  for (let end = cursor.peek().start; cursor.hasKind('symbol') && cursor.peek().start === end; ) {
    const token = cursor.take();
    text += token.text;
    end = token.end;
  }
  const relation = RELATIONS.find((known) => known === text);
  if (relation !== undefined) return relation;
  cursor.report(position, `'${text}' is no relation between codes; expected one of ${RELATIONS.join(' ')}`);
  return '-';
}

function parseRow(cursor: Cursor): ConceptRowNode {
  const position = cursor.position;
  const source = parseCode(cursor);
  const relation = parseRelation(cursor);
  const row = { sourcePrefix: source.prefix, sourceCode: source.code, relation, position };
  if (relation === '--') return { ...row, targetPrefix: '', targetCode: '' };
  const target = parseCode(cursor);
  return { ...row, targetPrefix: target.prefix, targetCode: target.code };
}

/** Parses one block: `conceptmap "#id" { prefix … unmapped for … rows }`. */
export function parseConceptMap(cursor: Cursor): ConceptMapNode {
  const { position } = cursor.expect('conceptmap');
  const id = cursor.expectText().replace(/^#/, '');
  cursor.expect('{');
  const prefixes: ConceptPrefixNode[] = [];
  const unmapped: ConceptUnmappedNode[] = [];
  const rows: ConceptRowNode[] = [];
  while (!cursor.has('}') && !cursor.hasKind('end')) {
    if (cursor.has('prefix') && !cursor.has(':', 1)) prefixes.push(parsePrefix(cursor));
    else if (cursor.has('unmapped') && cursor.has('for', 1)) unmapped.push(parseUnmapped(cursor));
    else rows.push(parseRow(cursor));
  }
  cursor.expect('}');
  const known = new Set(prefixes.map((prefix) => prefix.name));
  for (const row of rows) {
    for (const prefix of [row.sourcePrefix, row.targetPrefix]) {
      if (prefix !== '' && !known.has(prefix)) cursor.report(row.position, `unknown prefix '${prefix}'`);
    }
  }
  return { id, prefixes, unmapped, rows, position };
}
