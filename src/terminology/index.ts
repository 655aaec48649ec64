export { type BuiltInTerminology, createBuiltIn } from './built-in.ts';
export { openCodeSystem } from './code-system.ts';
export { type ExpandOptions, expandValueSet } from './expand.ts';
export { gatherTerminology, type StoredTerminology } from './gather.ts';
export { type CodeJudge, createCodeJudge } from './judge-codes.ts';
export { keepRecent } from './keep-recent.ts';
export { type CodeLists, createCodeLists } from './list-codes.ts';
export { describeConcept } from './lookup.ts';
export { compareConcepts } from './subsumes.ts';
export { isTranslation, type Match, type TranslateQuestion, translateCodings } from './translate.ts';
export type * from './types.ts';
export {
  type CodeQuestion,
  type CodeVerdict,
  validateInCodeSystem,
  validateInValueSet,
} from './validate-code.ts';
export type { VersionPolicy } from './version-policy.ts';
