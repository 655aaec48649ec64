// https://hl7.org/fhir/R4/resource-operation-validate.html
import type { OperationOutcome } from 'fhir/r4';
import { parseStored } from '../exact-json.ts';
import { type Issue, SiltaError, toOperationOutcome } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { StoredVersion } from '../store/index.ts';
import { findIssues } from './judge-content.ts';
import { HL7_OPERATION, requireDefinition } from './operation-definition.ts';
import { type OperationInput, readOperationInput } from './operation-input.ts';
import type { FhirRequest, Interact, Session } from './types.ts';

const VALID: Issue = {
  severity: 'information',
  code: 'informational',
  diagnostics: 'The resource is valid.',
};

/** @see https://hl7.org/fhir/R4/valueset-resource-validation-mode.html */
const MODES = ['create', 'update', 'delete', 'profile'] as const;
type Mode = (typeof MODES)[number];

/**
 * The findings that a write would meet, and 200 whatever they are: of the resource that is sent, or of the stored one at
 * the address. Nothing is stored.
 */
export const validate: Interact = async (request, session) => {
  const { rest, principal, language } = session;
  rest.access.authorize(principal, 'validate', request.type);
  const input = readOperationInput(request, requireDefinition(rest, `${HL7_OPERATION}/Resource-validate`));
  const mode = readMode(request, input);
  const profile = readProfile(input, mode, session);
  const stored = request.id === '' ? undefined : await readStored(request, session);
  const refused = refusalOf(request, session, mode);
  const resource = mode === 'delete' ? undefined : readResource(request, input, stored);
  const found = resource ? (await findIssues(rest, resource, profile, language)).issues : [];
  const issues = [...refused, ...found];
  return {
    status: 200,
    body: JSON.stringify(describeFindings(issues)),
    ...(stored && { shown: { action: 'validate', entities: [`${request.type}/${request.id}`] } }),
  };
};

/** Findings as the operation tells them: no findings are told, too. */
export function describeFindings(issues: readonly Issue[]): OperationOutcome {
  return toOperationOutcome(issues.length > 0 ? issues : [VALID]);
}

function readMode({ id }: FhirRequest, input: OperationInput): Mode | undefined {
  const text = input.text('mode');
  const mode = MODES.find((each) => each === text);
  if (text !== undefined && !mode) {
    throw new SiltaError('invalid-parameter', `The parameter 'mode' may be ${MODES.join(', ')}.`);
  }
  if (mode === 'delete' && id === '') {
    throw new SiltaError('invalid-parameter', "The mode 'delete' is asked for at the address of a resource.");
  }
  if (mode === 'create' && id !== '') {
    throw new SiltaError('invalid-parameter', "The mode 'create' is asked for at the address of a type.");
  }
  return mode;
}

function readProfile(input: OperationInput, mode: Mode | undefined, { rest }: Session): readonly string[] {
  const profile = input.text('profile');
  if (profile === undefined) {
    if (mode !== 'profile') return [];
    throw new SiltaError('invalid-parameter', "The mode 'profile' needs the parameter 'profile'.");
  }
  if (rest.definitions.structure(profile)) return [profile];
  throw new SiltaError('invalid-parameter', 'The profile to validate against is not known here.');
}

/** @throws SiltaError `forbidden`, `not-found`, `gone` */
async function readStored({ type, id }: FhirRequest, session: Session): Promise<StoredVersion> {
  const { rest, principal, reader } = session;
  rest.access.authorize(principal, 'read', type);
  const stored = rest.access.authorizeStored(principal, type, await reader.read(type, id));
  if (stored.content === null) throw new SiltaError('gone', `This ${type} was deleted.`);
  return stored;
}

/** What is written must be allowed too. */
function refusalOf(
  { type }: FhirRequest,
  { rest, principal }: Session,
  mode: Mode | undefined,
): readonly Issue[] {
  if (mode === undefined || mode === 'profile') return [];
  if (rest.access.permits(principal, mode, type)) return [];
  const diagnostics = `The caller may not do '${mode}' of ${type}.`;
  return [{ severity: 'error', code: 'forbidden', diagnostics }];
}

function readResource(
  { type, id }: FhirRequest,
  input: OperationInput,
  stored: StoredVersion | undefined,
): Resource {
  const sent = input.resource('resource');
  const resource = sent ?? (stored?.content ? (parseStored(stored.content) as Resource) : undefined);
  if (!resource) throw new SiltaError('invalid-request', 'A resource to validate is expected.');
  if (resource.resourceType !== type) {
    throw new SiltaError('invalid-request', `The resource must be a ${type}, as the address says.`, {
      expression: ['resourceType'],
    });
  }
  if (sent && id !== '' && sent.id !== undefined && sent.id !== id) {
    throw new SiltaError('invalid-request', 'The resource has another id than the address.', {
      expression: [`${type}.id`],
    });
  }
  return resource;
}
