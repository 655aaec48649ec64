import type { TransformName } from '../../tree.ts';
import type { TransformCompiler } from './call.ts';
import {
  compileCoding,
  compileConcept,
  compileContactPoint,
  compileIdentifier,
  compileQuantity,
} from './data-types.ts';
import { compileDateOp } from './date-op.ts';
import { compileAppend, compileEscape, compileTruncate, compileUuid } from './texts.ts';
import { compileTranslate } from './translate.ts';
import {
  compileCast,
  compileCopy,
  compileCreate,
  compileEvaluate,
  compilePointer,
  compileReference,
} from './values.ts';

/** Every transform and what compiles it. */
export const TRANSFORM_COMPILERS: Readonly<Record<TransformName, TransformCompiler>> = {
  create: compileCreate,
  copy: compileCopy,
  truncate: compileTruncate,
  escape: compileEscape,
  cast: compileCast,
  append: compileAppend,
  translate: compileTranslate,
  reference: compileReference,
  dateOp: compileDateOp,
  uuid: compileUuid,
  pointer: compilePointer,
  evaluate: compileEvaluate,
  cc: compileConcept,
  c: compileCoding,
  qty: compileQuantity,
  id: compileIdentifier,
  cp: compileContactPoint,
};
