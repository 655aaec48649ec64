// https://hl7.org/fhir/R4/codesystem-operation-lookup.html
import { SiltaError } from '../../outcome.ts';
import { type CodeSystemView, type Concept, describeConcept } from '../../terminology/index.ts';
import { HL7_OPERATION } from '../operation-definition.ts';
import type { Interact } from '../types.ts';
import { answerCodes, openCodeOperation, openSystem, requireOneOf } from './open-operation.ts';

/** `CodeSystem/$lookup`: what a code system says of a code. */
export const lookup: Interact = async (request, session) => {
  const operation = openCodeOperation(request, session, `${HL7_OPERATION}/CodeSystem-lookup`);
  const { input } = operation;
  requireOneOf(input, ['code', 'coding']);
  const coding = input.coding('coding');
  const system = coding ? coding.system : input.text('system');
  const view = await openSystem(operation, system, coding?.version ?? input.text('version'));
  const concept = requireConcept(view, coding ? coding.code : input.text('code'));
  const displayLanguage = input.text('displayLanguage');
  const described = describeConcept(view, concept, {
    ...(displayLanguage !== undefined && { displayLanguage }),
    properties: input.texts('property'),
  });
  return answerCodes(operation, 'lookup', described);
};

/** @throws SiltaError `code-invalid`, or `unsupported-content` where the code may be one that is not known here */
export function requireConcept(view: CodeSystemView, code: string | undefined): Concept {
  const found = code === undefined ? undefined : view.find(code);
  if (found) return found;
  if (view.complete) throw new SiltaError('code-invalid', 'The code system has no such code.');
  throw new SiltaError(
    'unsupported-content',
    'Only a part of the code system is known here, without this code.',
  );
}
