// https://hl7.org/fhir/R4/resource-operation-validate.html
import type { OperationOutcome } from 'fhir/r4';
import { type Issue, SiltaError, toOperationOutcome } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { findIssues } from './judge-content.ts';
import { singleParameter } from './parse-parameters.ts';
import { refuseParameters } from './refuse-parameters.ts';
import type { FhirRequest, Interact } from './types.ts';

const VALID: Issue = {
  severity: 'information',
  code: 'informational',
  diagnostics: 'The resource is valid.',
};

/**
 * `POST [type]/$validate`: the findings a write would meet, and 200 whatever they are. The body is the resource,
 * or a Parameters resource with `resource`, `profile` and `mode`.
 */
export const validate: Interact = async (request, { rest, principal }) => {
  refuseParameters(request, ['profile', 'mode']);
  rest.access.authorize(principal, 'validate', request.type);
  const { resource, profile } = readInput(request);
  if (resource.resourceType !== request.type) {
    throw new SiltaError('invalid-request', `The resource must be a ${request.type}, as the address says.`, {
      expression: ['resourceType'],
    });
  }
  if (profile !== undefined && !rest.definitions.structure(profile)) {
    throw new SiltaError('invalid-parameter', 'The profile to validate against is not known here.');
  }
  const { issues } = await findIssues(rest, resource, profile === undefined ? [] : [profile]);
  return { status: 200, body: JSON.stringify(describeFindings(issues)) };
};

/** Findings as the operation tells them: no findings are told, too. */
export function describeFindings(issues: readonly Issue[]): OperationOutcome {
  return toOperationOutcome(issues.length > 0 ? issues : [VALID]);
}

interface Input {
  readonly resource: Resource;
  readonly profile: string | undefined;
}

function readInput(request: FhirRequest): Input {
  const mode = singleParameter(request.parameters, 'mode');
  const profile = singleParameter(request.parameters, 'profile');
  const body = request.resource;
  if (!body) throw new SiltaError('invalid-request', 'A resource to validate is expected.');
  if (body.resourceType !== 'Parameters' || request.type === 'Parameters') {
    requireMode(mode);
    return { resource: body, profile };
  }
  const parts = Array.isArray(body['parameter']) ? (body['parameter'] as readonly Parameter[]) : [];
  const find = (name: string) => parts.find((part) => part?.name === name);
  requireMode(mode ?? find('mode')?.valueCode);
  const resource = find('resource')?.resource;
  if (typeof resource?.resourceType !== 'string') {
    throw new SiltaError('invalid-request', "The parameter 'resource' must hold the resource to validate.", {
      expression: ["Parameters.parameter.where(name = 'resource')"],
    });
  }
  return { resource, profile: profile ?? find('profile')?.valueUri ?? find('profile')?.valueCanonical };
}

interface Parameter {
  readonly name?: unknown;
  readonly resource?: Resource;
  readonly valueUri?: string;
  readonly valueCanonical?: string;
  readonly valueCode?: string;
}

function requireMode(mode: string | undefined): void {
  if (mode === undefined || mode === 'create' || mode === 'update') return;
  throw new SiltaError('invalid-parameter', "The parameter 'mode' may be 'create' or 'update'.");
}
