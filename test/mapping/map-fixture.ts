import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StructureDefinition } from 'fhir/r4';
import { buildDefinitions, compileStructure, loadDefinitions } from '../../src/definitions/index.ts';
import {
  type CompiledMap,
  type CompileOptions,
  compileMap,
  MapCompileError,
  type MapEnvironment,
  parseMap,
} from '../../src/mapping/index.ts';

await buildDefinitions(new URL('../../dist/definitions/r4.json', import.meta.url).pathname);

const empty = mkdtempSync(join(tmpdir(), 'no-profiles-'));
/** FHIR R4 and nothing else. */
export const definitions = await loadDefinitions({ profiles: empty });
rmSync(empty, { recursive: true });

/** A clock and a source of UUIDs that always say the same. */
export function environment(): MapEnvironment {
  let count = 0;
  return {
    now: () => new Date('2026-03-14T09:26:53.000Z'),
    uuid: () => {
      count += 1;
      return `7e57c0de-0000-4000-8000-${String(count).padStart(12, '0')}`;
    },
  };
}

/** A system's message with a list, a nested part and a code. */
export const ticketModel = compileStructure(
  {
    resourceType: 'StructureDefinition',
    url: 'https://silta.example/fhir/StructureDefinition/test-ticket',
    name: 'TestTicket',
    status: 'draft',
    kind: 'logical',
    abstract: false,
    type: 'TestTicket',
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Element',
    derivation: 'specialization',
    differential: {
      element: [
        { id: 'TestTicket', path: 'TestTicket' },
        {
          id: 'TestTicket.Subject',
          path: 'TestTicket.Subject',
          min: 1,
          max: '1',
          type: [{ code: 'string' }],
        },
        {
          id: 'TestTicket.Priority',
          path: 'TestTicket.Priority',
          min: 0,
          max: '1',
          type: [{ code: 'code' }],
        },
        { id: 'TestTicket.Open', path: 'TestTicket.Open', min: 0, max: '1', type: [{ code: 'boolean' }] },
        {
          id: 'TestTicket.Lines',
          path: 'TestTicket.Lines',
          min: 0,
          max: '*',
          type: [{ code: 'BackboneElement' }],
        },
        {
          id: 'TestTicket.Lines.Text',
          path: 'TestTicket.Lines.Text',
          min: 0,
          max: '1',
          type: [{ code: 'string' }],
        },
        {
          id: 'TestTicket.Lines.Tags',
          path: 'TestTicket.Lines.Tags',
          min: 0,
          max: '*',
          type: [{ code: 'string' }],
        },
        {
          id: 'TestTicket.Caller',
          path: 'TestTicket.Caller',
          min: 0,
          max: '1',
          type: [{ code: 'BackboneElement' }],
        },
        {
          id: 'TestTicket.Caller.Name',
          path: 'TestTicket.Caller.Name',
          min: 0,
          max: '1',
          type: [{ code: 'string' }],
        },
      ],
    },
  } satisfies StructureDefinition,
  definitions,
);

/** Parses a map that must be right. */
export function parse(text: string): NonNullable<ReturnType<typeof parseMap>['map']> {
  const { map, diagnostics } = parseMap(text, 'test.fml');
  if (!map) throw new MapCompileError(diagnostics);
  return map;
}

/** Compiles a map's text with FHIR R4 and the ticket model. */
export function compile(text: string, options: Partial<CompileOptions> = {}): CompiledMap {
  return compileMap(parse(text), { definitions, models: [ticketModel], ...options });
}

const HEADS: Readonly<Record<string, string>> = { Ticket: ticketModel.url };

/** A map with one group `main(source src : From, target tgt : To)` and what is given as its rules and further groups. */
export function mapText(from: string, to: string, rules: string, further = '', head = ''): string {
  const url = (type: string): string => HEADS[type] ?? `http://hl7.org/fhir/StructureDefinition/${type}`;
  return `map "https://silta.example/fhir/StructureMap/test" = "test"
${head}
uses "${url(from)}" alias ${from} as source
uses "${url(to)}" alias ${to} as target
group main(source src : ${from}, target tgt : ${to}) {
${rules}
}
${further}`;
}

/** Runs the rules on a source. */
export function transform(
  from: string,
  to: string,
  rules: string,
  src: unknown,
  further = '',
  head = '',
): unknown {
  return compile(mapText(from, to, rules, further, head)).run({ src }, environment());
}

/** The messages of a map that must not compile, as `line:column message (suggestion)`. */
export function problems(text: string, options: Partial<CompileOptions> = {}): readonly string[] {
  try {
    compile(text, options);
  } catch (error) {
    if (!(error instanceof MapCompileError)) throw error;
    return error.diagnostics.map(
      ({ line, column, message, suggestion }) =>
        `${line}:${column} ${message}${suggestion === undefined ? '' : ` (${suggestion})`}`,
    );
  }
  return [];
}
