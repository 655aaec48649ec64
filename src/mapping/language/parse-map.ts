/**
 * The parser of FHIR Mapping Language (R4, R4B and R5 forms). It reports every error, not only the first.
 *
 * @see https://build.fhir.org/mapping-language.html#grammar
 */
import type {
  ConceptMapNode,
  ConstantNode,
  GroupNode,
  ImportNode,
  MapTree,
  MetadataNode,
  ParameterNode,
  UsesNode,
} from '../tree.ts';
import type { MapDiagnostic } from '../types.ts';
import { Cursor, ParseFailure } from './cursor.ts';
import { lexMap } from './lexer.ts';
import { parseConceptMap } from './parse-concept-map.ts';
import { parseExpression } from './parse-expression.ts';
import { parseRules } from './parse-rule.ts';

/** Words a part of the map starts with. */
const STARTS = ['map', 'conceptmap', 'uses', 'imports', 'let', 'group'] as const;

interface Parts {
  url?: string;
  name?: string;
  documentation?: string;
  readonly metadata: MetadataNode[];
  readonly conceptMaps: ConceptMapNode[];
  readonly uses: UsesNode[];
  readonly imports: ImportNode[];
  readonly constants: ConstantNode[];
  readonly groups: GroupNode[];
}

function parseMetadata(cursor: Cursor, parts: Parts): void {
  const { position } = cursor.take();
  let key = cursor.expectName();
  while (cursor.accept('.')) key += `.${cursor.expectName()}`;
  cursor.expect('=');
  const token = cursor.peek();
  const isBoolean = cursor.has('true') || cursor.has('false');
  if (!isBoolean && !['string', 'double', 'markdown', 'number'].includes(token.kind))
    cursor.fail(['a literal']);
  cursor.take();
  const literal = token.kind === 'number' ? Number(token.text) : token.value;
  const value = isBoolean ? token.text === 'true' : literal;
  if (key === 'url') parts.url = String(value);
  else if (key === 'name') parts.name = String(value);
  else parts.metadata.push({ key, value, position });
}

function parseHead(cursor: Cursor, parts: Parts): void {
  cursor.expect('map');
  parts.url = cursor.expectText();
  cursor.expect('=');
  const token = cursor.peek();
  parts.name =
    token.kind === 'name' || token.kind === 'delimited' ? cursor.expectName() : cursor.expectText();
}

function parseUses(cursor: Cursor, documentation: { documentation?: string }): UsesNode {
  const { position } = cursor.expect('uses');
  const url = cursor.expectText();
  const alias = cursor.accept('alias') ? cursor.expectName() : undefined;
  cursor.expect('as');
  const mode = cursor.expectOneOf(['source', 'target', 'queried', 'produced']);
  const trailing = cursor.takeTrailingComment();
  const lines = [documentation.documentation, trailing.documentation].filter((line) => line !== undefined);
  return {
    url,
    ...(alias !== undefined && { alias }),
    mode,
    ...(lines.length > 0 && { documentation: lines.join('\n') }),
    position,
  };
}

function parseConstant(cursor: Cursor): ConstantNode {
  const { position } = cursor.expect('let');
  const name = cursor.expectName();
  cursor.expect('=');
  const expression = parseExpression(cursor);
  cursor.expect(';');
  return { name, expression, position };
}

function parseParameter(cursor: Cursor): ParameterNode {
  const position = cursor.position;
  const mode = cursor.expectOneOf(['source', 'target']);
  const name = cursor.expectName();
  const type = cursor.accept(':') ? cursor.expectName() : undefined;
  return { mode, name, ...(type !== undefined && { type }), position };
}

function parseTypeMode(cursor: Cursor): GroupNode['typeMode'] {
  if (!cursor.accept('<<')) return undefined;
  const word = cursor.expectOneOf(['types', 'type']);
  if (word === 'type') cursor.expect('+');
  cursor.expect('>>');
  return word === 'type' ? 'type+' : 'types';
}

function parseGroup(cursor: Cursor, documentation: { documentation?: string }): GroupNode {
  const { position } = cursor.expect('group');
  const name = cursor.expectName();
  cursor.expect('(');
  const parameters = [parseParameter(cursor)];
  while (cursor.accept(',')) parameters.push(parseParameter(cursor));
  cursor.expect(')');
  const base = cursor.accept('extends') ? cursor.expectName() : undefined;
  const typeMode = parseTypeMode(cursor);
  return {
    name,
    parameters,
    ...(base !== undefined && { extends: base }),
    ...(typeMode !== undefined && { typeMode }),
    rules: parseRules(cursor),
    ...documentation,
    position,
  };
}

function parsePart(cursor: Cursor, parts: Parts): void {
  if (cursor.hasKind('metadata')) {
    parseMetadata(cursor, parts);
    return;
  }
  const documentation = cursor.takeDocumentation();
  const start = STARTS.find((word) => cursor.has(word));
  if (start === 'map') {
    Object.assign(parts, documentation);
    parseHead(cursor, parts);
  } else if (start === 'conceptmap') parts.conceptMaps.push(parseConceptMap(cursor));
  else if (start === 'uses') parts.uses.push(parseUses(cursor, documentation));
  else if (start === 'imports') {
    const { position } = cursor.take();
    parts.imports.push({ url: cursor.expectText(), position });
    cursor.accept(';');
  } else if (start === 'let') parts.constants.push(parseConstant(cursor));
  else if (start === 'group') parts.groups.push(parseGroup(cursor, documentation));
  else
    cursor.fail(
      STARTS.map((word) => `'${word}'`),
      STARTS,
    );
}

/** Goes on behind a broken part: at the next word that starts one. Always takes at least one token. */
function recoverPart(cursor: Cursor): void {
  cursor.take();
  while (!cursor.hasKind('end') && !cursor.hasKind('metadata') && !STARTS.some((word) => cursor.has(word)))
    cursor.take();
}

/**
 * Parses a map.
 *
 * @param text FHIR Mapping Language
 * @param file name used in positions, e.g. the file's path
 * @returns the tree, when nothing is wrong, and every error with line, column, what was expected and a suggestion
 */
export function parseMap(
  text: string,
  file: string,
): { readonly map?: MapTree; readonly diagnostics: readonly MapDiagnostic[] } {
  const cursor = new Cursor(text, lexMap(text, file));
  const parts: Parts = { metadata: [], conceptMaps: [], uses: [], imports: [], constants: [], groups: [] };
  const start = cursor.position;
  while (!cursor.hasKind('end')) {
    try {
      parsePart(cursor, parts);
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      recoverPart(cursor);
    }
  }
  const { url, name = url?.split('/').at(-1), ...rest } = parts;
  if (url === undefined || name === undefined)
    cursor.report(start, 'the map has no url', `start with map "http://…" = "name" or /// url = 'http://…'`);
  if (parts.groups.length === 0 && cursor.diagnostics.length === 0)
    cursor.report(cursor.position, 'the map has no group', 'add group name(source src, target tgt) { … }');
  const diagnostics = cursor.diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (diagnostics.length > 0 || url === undefined || name === undefined) return { diagnostics };
  return { map: { url, name, ...rest, position: start }, diagnostics };
}
