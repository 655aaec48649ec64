// https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
import { SiltaError } from '../../outcome.ts';
import type { Coding } from '../../resource.ts';
import { compareConcepts } from '../../terminology/index.ts';
import { HL7_OPERATION } from '../operation-definition.ts';
import type { OperationInput } from '../operation-input.ts';
import type { Interact } from '../types.ts';
import { requireConcept } from './lookup.ts';
import { answerCodes, openCodeOperation, openSystem } from './open-operation.ts';

/** `CodeSystem/$subsumes`: how two codes of one system stand to each other. */
export const subsumes: Interact = async (request, session) => {
  const operation = openCodeOperation(request, session, `${HL7_OPERATION}/CodeSystem-subsumes`);
  const { input } = operation;
  const { a, b, system, version } = readPair(input);
  const view = await openSystem(operation, system, version);
  const outcome = compareConcepts(requireConcept(view, a), requireConcept(view, b));
  return answerCodes(operation, 'subsumes', [{ name: 'outcome', valueCode: outcome }]);
};

function readPair(input: OperationInput): {
  readonly a: string | undefined;
  readonly b: string | undefined;
  readonly system: string | undefined;
  readonly version: string | undefined;
} {
  const [one, other] = [input.coding('codingA'), input.coding('codingB')];
  const codes = ['codeA', 'codeB'].filter((name) => input.has(name)).length;
  if (codes === 2 && !one && !other) {
    const [system, version] = [input.text('system'), input.text('version')];
    return { a: input.text('codeA'), b: input.text('codeB'), system, version };
  }
  if (codes > 0 || !one || !other) {
    throw new SiltaError('invalid-parameter', "Give either 'codeA' and 'codeB' or 'codingA' and 'codingB'.");
  }
  if (one.system !== other.system || !isSameVersion(one, other)) {
    throw new SiltaError('invalid-parameter', 'The codings must be of one version of one code system.');
  }
  return { a: one.code, b: other.code, system: one.system, version: one.version ?? other.version };
}

const isSameVersion = (one: Coding, other: Coding): boolean =>
  one.version === undefined || other.version === undefined || one.version === other.version;
