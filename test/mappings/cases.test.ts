import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compileStructure, loadDefinitions } from '../../src/definitions/index.ts';
import { type CaseResult, type MapContext, runCases } from '../../src/systems/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SYSTEMS = readdirSync(`${ROOT}mappings`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

let context: MapContext;
beforeAll(async () => {
  const definitions = await loadDefinitions({ profiles: `${ROOT}profiles` });
  context = { definitions, compileModel: (model) => compileStructure(model, definitions) };
});

/** What an engineer wants to read when a case fails. */
function print({ system, name, title, problem, differences }: CaseResult): string {
  const lines = differences.map(
    ({ path, expected, actual, writtenBy }) =>
      `  ${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)} ${writtenBy ?? ''}`,
  );
  return [`${system}/${name}: ${title}`, ...(problem ? [`  ${problem}`] : []), ...lines].join('\n');
}

describe('the cases of the connected systems', () => {
  it.each(SYSTEMS)('of %s all hold', async (system) => {
    const results = await runCases([`${ROOT}mappings/${system}`], context);
    expect(results.filter(({ passed }) => !passed).map(print)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(6);
    expect(results.some(({ name }) => name.startsWith('bad-'))).toBe(true);
    expect(results.some(({ name }) => name === 'turvakielto')).toBe(true);
  });
});
