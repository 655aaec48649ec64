import type { Definitions, ValueSetCodes } from '../definitions/index.ts';
import type { Coding } from '../resource.ts';

/** Answers about codes; passed in, so that this room knows neither the store nor how terminology works. */
export interface CodeJudge {
  /**
   * Whether the code is in the value set, and rightly named. A code without a system may be of any of its systems.
   * @param valueSet canonical
   * @returns undefined when it cannot be told here
   */
  judge(
    valueSet: string,
    coding: Coding,
  ): { readonly result: boolean; readonly fault?: 'code' | 'display'; readonly display?: string } | undefined;
}

/** The definitions, with value sets that cannot be listed answered by the judge: what it cannot tell is let pass. */
export function withJudge(definitions: Definitions, codes: CodeJudge): Definitions {
  const judged = (url: string): ValueSetCodes => ({
    systems: [],
    has: (code, system) => codes.judge(url, { code, ...(system && { system }) })?.result !== false,
  });
  return { ...definitions, valueSet: (url) => definitions.valueSet(url) ?? judged(url) };
}
