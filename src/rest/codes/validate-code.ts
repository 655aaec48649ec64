/**
 * `$validate-code` of value sets and of code systems.
 * @see https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 * @see https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
import type { ParametersParameter } from 'fhir/r4';
import { SiltaError } from '../../outcome.ts';
import type { Coding } from '../../resource.ts';
import {
  type CodeQuestion,
  type CodeVerdict,
  gatherTerminology,
  validateInCodeSystem,
  validateInValueSet,
} from '../../terminology/index.ts';
import { HL7_OPERATION } from '../operation-definition.ts';
import type { OperationInput } from '../operation-input.ts';
import type { Interact } from '../types.ts';
import {
  answerCodes,
  openCodeOperation,
  openSystem,
  readCodings,
  readValueSet,
  requireValueSet,
} from './open-operation.ts';

/** Whether a code is in a value set, and rightly named. */
export const validateCodeInValueSet: Interact = async (request, session) => {
  const operation = openCodeOperation(request, session, `${HL7_OPERATION}/ValueSet-validate-code`);
  const { input, stored } = operation;
  const codings = readCodings(input, input.text('system'));
  if (input.has('code') && !input.has('system')) {
    throw new SiltaError('invalid-parameter', "With 'code' the parameter 'system' must be given.");
  }
  const { subject, given } = await readValueSet(operation);
  const roots = { valueSets: [subject], codeSystems: versionsOf(codings), given: given as never };
  const source = await gatherTerminology(roots, stored, session.rest.terminology.builtIn);
  const verdict = validateInValueSet(requireValueSet(source, subject), questionOf(input, codings), source);
  return answerCodes(operation, 'validate-code', describeVerdict(verdict));
};

/** Whether a code is in a code system, and rightly named. */
export const validateCodeInCodeSystem: Interact = async (request, session) => {
  const operation = openCodeOperation(request, session, `${HL7_OPERATION}/CodeSystem-validate-code`);
  const { input } = operation;
  const codings = readCodings(input, undefined);
  const isNamed = input.has('codeSystem') || request.id !== '';
  const stated = input.text('url') ?? (isNamed ? undefined : codings[0]?.system);
  const view = await openSystem(operation, stated, input.text('version') ?? codings[0]?.version);
  const verdict = validateInCodeSystem(view, questionOf(input, codings));
  return answerCodes(operation, 'validate-code', describeVerdict(verdict));
};

/** Codings may be of other versions than the value set would take by itself. */
function versionsOf(
  codings: readonly Coding[],
): readonly { readonly url: string; readonly version: string }[] {
  return codings.flatMap(({ system, version }) =>
    system !== undefined && version !== undefined ? [{ url: system, version }] : [],
  );
}

function questionOf(input: OperationInput, codings: readonly Coding[]): CodeQuestion {
  const displayLanguage = input.text('displayLanguage');
  const abstract = input.flag('abstract');
  return {
    codings,
    ...(displayLanguage !== undefined && { displayLanguage }),
    ...(abstract !== undefined && { abstract }),
  };
}

function describeVerdict({ result, message, display }: CodeVerdict): readonly ParametersParameter[] {
  return [
    { name: 'result', valueBoolean: result },
    ...(message === undefined ? [] : [{ name: 'message', valueString: message }]),
    ...(display === undefined ? [] : [{ name: 'display', valueString: display }]),
  ];
}
