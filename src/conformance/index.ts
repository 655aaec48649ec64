export type { CodeJudge } from './code-judge.ts';
export { createConformance } from './conformance.ts';
export { checkHetu, HETU_SYSTEM, type HetuCheck } from './hetu.ts';
export type { Language } from './say.ts';
export { type JudgedCase, judgeQuestionnaireCases } from './suite/judge-questionnaire-cases.ts';
export {
  type ComparedCase,
  type ComparedSuite,
  judgeValidatorCases,
} from './suite/judge-validator-cases.ts';
export type { Conformance } from './types.ts';
