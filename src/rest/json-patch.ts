/**
 * JSON Patch.
 * @see https://www.rfc-editor.org/rfc/rfc6902
 * @see https://www.rfc-editor.org/rfc/rfc6901 JSON Pointer
 */
import { isDeepStrictEqual } from 'node:util';
import { applyPatch, type Operation } from 'rfc6902';
import { markNumbers, restoreNumbers, unmarkNumbers } from '../exact-json.ts';
import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';

const OPERATIONS: ReadonlySet<string> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);
const WITH_VALUE: ReadonlySet<string> = new Set(['add', 'replace', 'test']);
const WITH_SOURCE: ReadonlySet<string> = new Set(['move', 'copy']);

/**
 * The resource with the operations applied, in order; the one given stays as it is.
 * @param mostCharacters of JSON text that the result may have, so that copies cannot multiply
 * @throws SiltaError `invalid-request` for what is no operation, `invalid-resource` for one that does not apply,
 * `too-large`
 */
export function applyJsonPatch(
  resource: Resource,
  operations: readonly unknown[],
  mostCharacters: number,
): Resource {
  const patched = { resource: markNumbers(resource) };
  for (const [index, raw] of operations.entries()) {
    const operation = readOperation(markNumbers(raw), index);
    perform(patched.resource, operation, index);
    if (operation.op === 'copy' && JSON.stringify(patched.resource).length > mostCharacters) {
      throw new SiltaError('too-large', 'The patch makes the resource larger than this server accepts.');
    }
  }
  restoreNumbers(patched.resource);
  return patched.resource;
}

interface RawOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

function readOperation(raw: unknown, index: number): RawOperation {
  const { op, path, from, ...others } = (raw ?? {}) as Record<string, unknown>;
  if (typeof op !== 'string' || !OPERATIONS.has(op)) {
    throw refuse(index, `'op' must be one of ${[...OPERATIONS].join(', ')}`);
  }
  if (typeof path !== 'string' || !isPointer(path)) throw refuse(index, "'path' must be a JSON Pointer");
  if (WITH_SOURCE.has(op) && (typeof from !== 'string' || !isPointer(from))) {
    throw refuse(index, "'from' must be a JSON Pointer");
  }
  if (WITH_VALUE.has(op) && !Object.hasOwn(others, 'value')) throw refuse(index, "'value' is missing");
  return {
    op,
    path,
    ...(typeof from === 'string' && WITH_SOURCE.has(op) && { from }),
    ...(WITH_VALUE.has(op) && { value: others['value'] }),
  };
}

/** Below the root, by names that elements can have: none of them reaches a prototype. */
function isPointer(text: string): boolean {
  return (
    /^(?:\/(?:_?[A-Za-z][A-Za-z0-9]*|0|[1-9]\d{0,8}|-))+$/.test(text) &&
    !text.split('/').some((token) => token !== '' && token in Object.prototype)
  );
}

function perform(root: unknown, operation: RawOperation, index: number): void {
  const target = holderOf(root, operation.path);
  const isNew = operation.op === 'add' || operation.op === 'move' || operation.op === 'copy';
  if (!target || (isNew ? !target.insertable : !target.exists)) throw misses(index, 'path');
  if (operation.from !== undefined && !holderOf(root, operation.from)?.exists) throw misses(index, 'from');
  if (operation.op === 'test') {
    if (isDeepStrictEqual(unmarkNumbers(target.value), unmarkNumbers(operation.value))) return;
    throw new SiltaError('invalid-resource', `The test of operation ${index} of the patch failed.`);
  }
  const [failure] = applyPatch(root, [operation as Operation]);
  if (failure) throw misses(index, 'path');
}

interface Holder {
  readonly exists: boolean;
  readonly insertable: boolean;
  readonly value: unknown;
}

/** What holds the last token of a pointer; undefined when the way there ends before. */
function holderOf(root: unknown, pointer: string): Holder | undefined {
  const tokens = pointer.split('/').slice(1);
  const last = tokens.pop() ?? '';
  let at = root;
  for (const token of tokens) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, token)) return undefined;
    at = (at as Record<string, unknown>)[token];
  }
  if (typeof at !== 'object' || at === null) return undefined;
  if (Array.isArray(at)) {
    const place = last === '-' ? at.length : /^\d+$/.test(last) ? Number(last) : Number.NaN;
    return { exists: place < at.length, insertable: place <= at.length, value: at[place] };
  }
  const exists = Object.hasOwn(at, last);
  return { exists, insertable: true, value: exists ? (at as Record<string, unknown>)[last] : undefined };
}

function refuse(index: number, problem: string): SiltaError {
  return new SiltaError('invalid-request', `Operation ${index} of the patch: ${problem}.`);
}

function misses(index: number, member: string): SiltaError {
  return new SiltaError(
    'invalid-resource',
    `Operation ${index} of the patch does not apply: '${member}' leads nowhere in the resource.`,
  );
}
