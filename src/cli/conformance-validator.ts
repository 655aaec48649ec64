/** `silta conformance validator`: our verdicts beside those of HL7's reference validator. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { type ComparedCase, createConformance, judgeValidatorCases } from '../conformance/index.ts';
import { openDefinitions } from '../definitions/index.ts';
import type { Resource } from '../resource.ts';
import { scanJson } from '../rest/index.ts';
import { createBuiltIn, createCodeJudge } from '../terminology/index.ts';
import { CommandError } from './exit.ts';
import { profilesDirectory } from './installation.ts';

const write = (line: string) => process.stdout.write(`${line}\n`);

/** As deep as a request may be by default. */
const DEEPEST = 64;

/**
 * Compares whether we find errors with whether the reference validator does, case by case.
 *
 * @param directory the suite's `validator` folder, with `manifest.json` and `outcomes`
 * @param options.threshold share of verdicts that must agree, in percent
 * @throws CommandError when fewer agree (1), or when there is no such suite or threshold (2)
 * @see https://github.com/FHIR/fhir-test-cases
 */
export async function judgeValidator(
  directory: string,
  options: { readonly threshold: string; readonly all?: boolean },
): Promise<void> {
  const threshold = Number(options.threshold);
  if (!(threshold >= 0 && threshold <= 100)) throw new CommandError('--threshold must be from 0 to 100', 2);
  if (!existsSync(join(directory, 'manifest.json')))
    throw new CommandError(`${directory}: there is no manifest.json here`, 2);
  const open = await openDefinitions({
    profiles: profilesDirectory(readConfig({ ...process.env, SILTA_MODE: 'sandbox' })),
  });
  const conformance = (more: readonly Resource[]) => {
    const definitions = open(more);
    return createConformance({ definitions, codes: createCodeJudge(createBuiltIn(definitions)) });
  };
  const { compared, leftOut } = judgeValidatorCases(directory, { conformance, parse, now: new Date() });
  for (const each of compared) if (options.all || !each.agrees) showCase(each);
  write(`\nLeft out, of ${[...leftOut.values()].reduce((a, b) => a + b, compared.length)}:`);
  for (const [reason, count] of [...leftOut].sort((a, b) => b[1] - a[1])) write(`  ${count}  ${reason}`);
  const agreeing = compared.filter(({ agrees }) => agrees).length;
  const share = compared.length === 0 ? 0 : (100 * agreeing) / compared.length;
  write(
    `\n${compared.length} verdicts compared: ${agreeing} agree (${share.toFixed(1)} %), ` +
      `${compared.length - agreeing} differ`,
  );
  if (compared.length === 0) throw new CommandError('no cases were found', 2);
  if (share < threshold) throw new CommandError(`fewer than ${threshold} % of the verdicts agree`);
}

/** JSON as the API takes it. */
function parse(text: string): unknown {
  scanJson(text, DEEPEST);
  return JSON.parse(text);
}

function showCase({ name, agrees, ours, theirs }: ComparedCase): void {
  write(`${agrees ? '✓' : '✗'} ${name}  ${ours.length > 0 ? 'invalid' : 'valid'}${agrees ? '' : ' here'}`);
  for (const issue of ours) write(`    ours: ${issue.expression?.join(', ') ?? ''}: ${issue.diagnostics}`);
  for (const text of theirs) write(`    reference: ${text}`);
}
