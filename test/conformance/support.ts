import { type Conformance, createConformance } from '../../src/conformance/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import type { Issue } from '../../src/outcome.ts';
import { createBuiltIn, createCodeJudge } from '../../src/terminology/index.ts';

export const definitions = await loadDefinitions({
  profiles: new URL('../../profiles', import.meta.url).pathname,
});
export const conformance: Conformance = createConformance({
  definitions,
  codes: createCodeJudge(createBuiltIn(definitions)),
});

/** Findings of severity error, as `code key expression`. */
export function errorsOf(issues: readonly Issue[]): string[] {
  return issues
    .filter((issue) => issue.severity === 'error')
    .map((issue) => `${issue.code} ${issue.key} ${issue.expression?.join()}`);
}
