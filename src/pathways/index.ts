export { checkPlan, type PlanContext } from './check-plan.ts';
export { evaluateRules } from './evaluate-rules.ts';
export type { FindActivity, Firing, RuleInput } from './types.ts';
