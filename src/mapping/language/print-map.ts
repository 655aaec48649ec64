/**
 * Maps as text. What is printed parses to an equal tree (positions aside).
 *
 * @see https://build.fhir.org/mapping-language.html#grammar
 */
import type {
  ArgumentNode,
  ConceptMapNode,
  DependentNode,
  GroupNode,
  MapTree,
  MetadataNode,
  RuleNode,
  SourceNode,
  TargetNode,
  UsesNode,
} from '../tree.ts';

const INDENT = '  ';
/** Words that could be taken for something else where a name stands. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'map uses alias as source target queried produced imports let conceptmap prefix unmapped for group extends types type ' +
    'default first not_first last not_last only_one where check log then share single collate true false and or xor ' +
    'implies in contains is div mod'
  ).split(' '),
);

function printName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name)) return name;
  return `\`${escapeText(name, '`')}\``;
}

/** An element's name behind a dot needs no care for words of the language. */
function printElement(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : printName(name);
}

function escapeText(text: string, quote: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll('\f', '\\f');
}

const single = (text: string): string => `'${escapeText(text, "'")}'`;
const double = (text: string): string => `"${escapeText(text, '"')}"`;

function printDocumentation(documentation: string | undefined, indent: string): string {
  if (documentation === undefined) return '';
  return documentation
    .split('\n')
    .map((line) => `${indent}//${line === '' ? '' : ` ${line}`}\n`)
    .join('');
}

function printMetadata({ key, value }: MetadataNode): string {
  const name = key.split('.').map(printElement).join('.');
  return `/// ${name} = ${typeof value === 'string' ? single(value) : value}\n`;
}

function printCode(prefix: string, code: string): string {
  return `${printName(prefix)}:${/^[A-Za-z_][A-Za-z0-9_]*$/.test(code) ? code : double(code)}`;
}

function printConceptMap(node: ConceptMapNode): string {
  const prefixes = node.prefixes.map(
    ({ name, url }) => `${INDENT}prefix ${printName(name)} = ${double(url)}\n`,
  );
  const unmapped = node.unmapped.map(({ prefix, mode, value }) => {
    const answer = value === undefined ? mode : `${mode} ${double(value)}`;
    return `${INDENT}unmapped for ${printName(prefix)} = ${answer}\n`;
  });
  const rows = node.rows.map((row) => {
    const target = row.relation === '--' ? '' : ` ${printCode(row.targetPrefix, row.targetCode)}`;
    return `${INDENT}${printCode(row.sourcePrefix, row.sourceCode)} ${row.relation}${target}\n`;
  });
  return `conceptmap ${double(`#${node.id}`)} {\n${prefixes.join('')}${unmapped.join('')}${rows.join('')}}\n`;
}

function printUses(node: UsesNode): string {
  const alias = node.alias === undefined ? '' : ` alias ${printName(node.alias)}`;
  return `${printDocumentation(node.documentation, '')}uses ${double(node.url)}${alias} as ${node.mode}\n`;
}

function printLiteral(node: Extract<ArgumentNode, { kind: 'literal' }>): string {
  if (typeof node.value === 'string') return single(node.value);
  const text = String(node.value);
  return node.type === 'decimal' && !text.includes('.') ? `${text}.0` : text;
}

function printArgument(node: ArgumentNode): string {
  if (node.kind === 'variable') return printName(node.name);
  return node.kind === 'expression' ? node.text : printLiteral(node);
}

function printPath(context: string, path: readonly string[]): string {
  return [printName(context), ...path.map(printElement)].join('.');
}

function printDefault(node: NonNullable<SourceNode['default']>): string {
  return node.kind === 'expression' ? `(${node.text})` : printLiteral(node);
}

function printSource(node: SourceNode): string {
  const parts = [printPath(node.context, node.path)];
  if (node.type !== undefined) parts.push(`: ${printName(node.type)}`);
  if (node.max !== undefined) parts.push(`${node.min ?? 0}..${node.max}`);
  if (node.default) parts.push(`default ${printDefault(node.default)}`);
  if (node.listMode !== undefined) parts.push(node.listMode);
  if (node.variable !== undefined) parts.push(`as ${printName(node.variable)}`);
  if (node.where) parts.push(`where (${node.where.text})`);
  if (node.check) parts.push(`check (${node.check.text})`);
  if (node.log) parts.push(`log (${node.log.text})`);
  return parts.join(' ');
}

function printTransform(node: NonNullable<TargetNode['transform']>): string {
  const [first, ...more] = node.arguments;
  if (node.name === 'copy' && first && first.kind !== 'expression' && more.length === 0)
    return printArgument(first);
  if (node.name === 'evaluate' && first?.kind === 'expression' && more.length === 0) return `(${first.text})`;
  const texts = node.arguments.map((argument) =>
    argument.kind === 'expression' && node.name !== 'evaluate'
      ? `(${argument.text})`
      : printArgument(argument),
  );
  return `${node.name}(${texts.join(', ')})`;
}

function printTarget(node: TargetNode): string {
  const place = node.context === undefined ? [] : [printPath(node.context, node.path)];
  const value = node.transform ? [printTransform(node.transform)] : [];
  const parts = [[...place, ...value].join(' = ')];
  if (node.variable !== undefined) parts.push(`as ${printName(node.variable)}`);
  for (const mode of node.listModes)
    parts.push(mode === 'share' ? `share ${printName(node.shareName ?? '')}` : mode);
  return parts.join(' ');
}

function printDependent(node: DependentNode): string {
  return `${printName(node.group)}(${node.arguments.map(printArgument).join(', ')})`;
}

function printRule(node: RuleNode, indent: string): string {
  const parts = [`${indent}${node.sources.map(printSource).join(', ')}`];
  if (node.targets.length > 0) parts.push(`-> ${node.targets.map(printTarget).join(', ')}`);
  const calls = node.dependents.map(printDependent).join(', ');
  const inner = node.rules.map((rule) => printRule(rule, indent + INDENT)).join('');
  const block = node.rules.length > 0 ? `{\n${inner}${indent}}` : '';
  const then = [calls, block].filter((part) => part !== '').join(' ');
  if (then !== '') parts.push(`then ${then}`);
  if (node.name !== undefined) parts.push(double(node.name));
  return `${printDocumentation(node.documentation, indent)}${parts.join(' ')};\n`;
}

function printGroup(node: GroupNode): string {
  const parameters = node.parameters.map(
    ({ mode, name, type }) =>
      `${mode} ${printName(name)}${type === undefined ? '' : ` : ${printName(type)}`}`,
  );
  const base = node.extends === undefined ? '' : ` extends ${printName(node.extends)}`;
  const types = node.typeMode === undefined ? '' : ` <<${node.typeMode}>>`;
  const head = `group ${printName(node.name)}(${parameters.join(', ')})${base}${types}`;
  const rules = node.rules.map((rule) => printRule(rule, INDENT)).join('');
  return `${printDocumentation(node.documentation, '')}${head} {\n${rules}}\n`;
}

/** Prints a map as FHIR Mapping Language. */
export function printMap(map: MapTree): string {
  const head = `${map.metadata.map(printMetadata).join('')}${printDocumentation(map.documentation, '')}map ${double(
    map.url,
  )} = ${double(map.name)}\n`;
  const sections = [
    head,
    ...map.conceptMaps.map(printConceptMap),
    map.uses.map(printUses).join(''),
    map.imports.map(({ url }) => `imports ${double(url)}\n`).join(''),
    map.constants.map(({ name, expression }) => `let ${printName(name)} = ${expression.text};\n`).join(''),
    ...map.groups.map(printGroup),
  ];
  return sections.filter((section) => section !== '').join('\n');
}
