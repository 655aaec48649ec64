/** A system.yaml against `mappings/system.schema.json`: sentences with the path they are about. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv, ErrorObject } from 'ajv';

export interface SchemaError {
  /** Keys and indexes from the root to the value, or to the property that should not be there. */
  readonly path: readonly (string | number)[];
  /** Whether the place is the property's name and not its value. */
  readonly atKey: boolean;
  readonly message: string;
}

const SCHEMA_FILE = new URL('../../mappings/system.schema.json', import.meta.url);

const require = createRequire(import.meta.url);

let compiled: ReturnType<Ajv['compile']> | undefined;

/** Loads the compiler and compiles the published schema at the first use; it belongs to the code and does not change while it runs. */
function schema(): ReturnType<Ajv['compile']> {
  if (compiled) return compiled;
  const { Ajv: Compiler } = require('ajv') as { readonly Ajv: typeof Ajv };
  compiled = new Compiler({ allErrors: true, strict: false, verbose: true }).compile(
    JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')),
  );
  return compiled;
}

/** Every way in which a value differs from the schema; an empty list when it fits. */
export function schemaErrors(value: unknown): readonly SchemaError[] {
  const validate = schema();
  if (validate(value)) return [];
  // `if` and `allOf` only repeat that a part of theirs failed.
  const telling = (validate.errors ?? []).filter(
    (error) => error.keyword !== 'if' && error.keyword !== 'allOf',
  );
  const seen = new Set<string>();
  return telling.map(asSchemaError).filter((error) => {
    const key = JSON.stringify(error);
    return !seen.has(key) && seen.add(key);
  });
}

function asSchemaError(error: ErrorObject): SchemaError {
  const path = error.instancePath.split('/').slice(1).map(readSegment);
  const at = path.length === 0 ? 'the file' : `'${path.join('.')}'`;
  switch (error.keyword) {
    case 'additionalProperties': {
      const name = String(error.params['additionalProperty']);
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
      const hint = known.length > 0 ? `; known are ${known.join(', ')}` : '';
      return { path: [...path, name], atKey: true, message: `unknown property '${name}' in ${at}${hint}` };
    }
    case 'required':
      return { path, atKey: false, message: `${at} lacks '${error.params['missingProperty']}'` };
    case 'enum':
      return {
        path,
        atKey: false,
        message: `${at} must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}`,
      };
    case 'const':
      return { path, atKey: false, message: `${at} must be '${String(error.params['allowedValue'])}'` };
    case 'false schema':
      return { path, atKey: true, message: `${at} is not an option of this transport` };
    case 'pattern':
      return { path, atKey: false, message: `${at} ${patternHint(error)}` };
    default:
      return { path, atKey: false, message: `${at} ${error.message ?? 'is wrong'}` };
  }
}

function patternHint(error: ErrorObject): string {
  const pattern = String(error.params['pattern']);
  return pattern.startsWith('^\\$\\{')
    ? `is a secret: name the environment variable that holds it, \${NAME}`
    : `must match ${pattern}`;
}

function readSegment(segment: string): string | number {
  const text = segment.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(text) ? Number(text) : text;
}
