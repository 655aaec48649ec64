/** Reads one system.yaml: YAML with places → checked by the schema → variables resolved. Pure. */
import fhirpath from 'fhirpath';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { readBaseUrl } from './address.ts';
import { type Fault, Faults } from './fault.ts';
import { resolveVariables } from './resolve-variables.ts';
import { schemaErrors } from './schema-errors.ts';
import type { Inbound, Route, SystemDefinition, TransportDefinition } from './types.ts';

type Path = readonly (string | number)[];

/** A route as written: its map is still a file name. */
export type RouteText = Omit<Route, 'map' | 'with'> & {
  readonly map: string;
  readonly with?: Route['with'];
};
export type InboundText = Omit<Inbound, 'map'> & { readonly map: string };

export interface SystemText extends Pick<SystemDefinition, 'title' | 'sector'> {
  readonly transport: Pick<TransportDefinition, 'kind' | 'baseUrl' | 'auth'> & Partial<TransportDefinition>;
  readonly routes?: readonly RouteText[];
  readonly inbound?: readonly InboundText[];
}

export interface SystemFile {
  readonly content: SystemText;
  /** A fault at the place of a value. */
  faultAt(path: Path, message: string): Fault;
}

/** What a default stands for in the sandbox only: anybody can read it in the file, and it leads to a stand-in. */
const SANDBOX_ONLY = new Set(['baseUrl', 'tokenUrl', 'secret', 'password', 'clientSecret']);

export interface Variables {
  /** Values of `${NAME}`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether addresses and secrets may be left at the file's defaults, which are the sandbox's. */
  readonly sandboxDefaults: boolean;
  /** Whether plain http must be allowed by the file in so many words, as production wants it; false by default. */
  readonly requireHttps?: boolean;
}

/**
 * Reads the text of a system.yaml.
 *
 * @param text YAML 1.2
 * @param file path shown in faults
 * @param variables what `${NAME}` stands for
 * @throws Faults with every mistake that was found
 */
export function readSystemFile(text: string, file: string, variables: Variables): SystemFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const faultAtOffset = (offset: number, message: string): Fault => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  if (document.errors.length > 0) {
    throw new Faults(
      document.errors.map((error) => faultAtOffset(error.pos[0], error.message.split('\n')[0] ?? error.code)),
    );
  }
  const faultAt = (path: Path, message: string) => faultAtOffset(offsetOf(document, path, false), message);
  const wrong = schemaErrors(document.toJS());
  if (wrong.length > 0) {
    throw new Faults(
      wrong.map(({ path, atKey, message }) => faultAtOffset(offsetOf(document, path, atKey), message)),
    );
  }
  resolveInPlace(document, variables, faultAtOffset);
  const content = document.toJS() as SystemText;
  const faults = [
    ...checkContent(content, faultAt),
    ...(variables.requireHttps ? refusePlainHttp(content, faultAt) : []),
  ];
  if (faults.length > 0) throw new Faults(faults);
  return { content, faultAt };
}

/** Replaces variables in every string scalar. */
function resolveInPlace(
  document: Document,
  { environment, sandboxDefaults }: Variables,
  faultAtOffset: (offset: number, message: string) => Fault,
): void {
  const faults: Fault[] = [];
  visit(document, {
    Scalar(key, node, path) {
      if (key === 'key' || typeof node.value !== 'string') return;
      const { text, missing, defaulted } = resolveVariables(node.value, environment);
      const pair = path.at(-1);
      const property = pair && 'key' in pair && isScalar(pair.key) ? String(pair.key.value) : '';
      const refused = sandboxDefaults || !SANDBOX_ONLY.has(property) ? [] : defaulted;
      for (const name of [...missing, ...refused]) {
        faults.push(faultAtOffset(node.range?.[0] ?? 0, `the environment variable ${name} is not set`));
      }
      node.value = text;
    },
  });
  if (faults.length > 0) throw new Faults(faults);
}

function checkContent(content: SystemText, faultAt: (path: Path, message: string) => Fault): Fault[] {
  const faults: Fault[] = [];
  const base = readBaseUrl(content.transport.baseUrl);
  if (typeof base === 'string') faults.push(faultAt(['transport', 'baseUrl'], base));
  const tokenUrl = content.transport.auth['tokenUrl'];
  const token = tokenUrl === undefined ? undefined : readBaseUrl(tokenUrl);
  if (typeof token === 'string') faults.push(faultAt(['transport', 'auth', 'tokenUrl'], token));
  const unique = (list: 'routes' | 'inbound', property: string, names: readonly string[]) => {
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      faults.push(
        faultAt([list, index, property], `'${name}' is there already; a ${property} names one entry`),
      );
    });
  };
  for (const [path, expression] of expressionsOf(content)) {
    const problem = refuseExpression(expression);
    if (problem) faults.push(faultAt(path, problem));
  }
  unique(
    'routes',
    'name',
    (content.routes ?? []).map((route) => route.name),
  );
  unique(
    'inbound',
    'receive',
    (content.inbound ?? []).map((inbound) => inbound.receive),
  );
  return faults;
}

/** What is sent, secrets included, would be readable on the way. */
function refusePlainHttp(
  { transport }: SystemText,
  faultAt: (path: Path, message: string) => Fault,
): readonly Fault[] {
  if (transport.options?.['plainHttp'] === true) return [];
  const addresses: readonly (readonly [Path, unknown])[] = [
    [['transport', 'baseUrl'], transport.baseUrl],
    [['transport', 'auth', 'tokenUrl'], transport.auth['tokenUrl']],
  ];
  return addresses
    .filter(([, address]) => typeof address === 'string' && /^http:/i.test(address.trim()))
    .map(([path]) =>
      faultAt(
        path,
        'plain http is refused in production; use https, or say transport.options.plainHttp: true',
      ),
    );
}

/** Every FHIRPath expression of the file with its place. */
function expressionsOf(content: SystemText): readonly (readonly [Path, string])[] {
  const routes = (content.routes ?? []).flatMap((route, index): (readonly [Path, string])[] => [
    ...(route.when === undefined ? [] : [[['routes', index, 'when'], route.when] as const]),
    ...Object.entries(route.with ?? {}).map(
      ([name, expression]) => [['routes', index, 'with', name], expression] as const,
    ),
  ]);
  const messages = (content.inbound ?? []).map(
    ({ messageId }, index) => [['inbound', index, 'messageId'], messageId] as const,
  );
  return [...routes, ...messages];
}

function refuseExpression(expression: string): string | undefined {
  try {
    fhirpath.parse(expression);
    return undefined;
  } catch (error) {
    const message = /message: ([^\n]*)/.exec((error as Error).message)?.[1] ?? (error as Error).message;
    return `not FHIRPath: ${message}`;
  }
}

/** Offset of the node at a path; of the closest node above it when there is none. */
function offsetOf(document: Document, path: Path, atKey: boolean): number {
  if (atKey) {
    const parent = document.getIn(path.slice(0, -1), true);
    const holder = path.length === 1 ? document.contents : parent;
    const pair = isMap(holder)
      ? holder.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1))
      : undefined;
    if (pair && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
  }
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
}
