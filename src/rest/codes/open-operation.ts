/** What every operation on codes begins with and ends in. */
import type { CodeSystem, ParametersParameter, ValueSet } from 'fhir/r4';
import { stringifyExactly } from '../../exact-json.ts';
import { SiltaError } from '../../outcome.ts';
import type { Coding, Resource } from '../../resource.ts';
import { type CodeSystemView, gatherTerminology, type TerminologySource } from '../../terminology/index.ts';
import { refuseErrors } from '../judge-content.ts';
import { requireDefinition } from '../operation-definition.ts';
import { type OperationInput, readOperationInput } from '../operation-input.ts';
import type { FhirRequest, FhirResponse, Session } from '../types.ts';
import { openVisibleTerminology, type VisibleTerminology } from './stored-terminology.ts';

export interface CodeOperation {
  readonly request: FhirRequest;
  readonly session: Session;
  readonly input: OperationInput;
  readonly stored: VisibleTerminology;
}

/** Parameters that are in the definitions, and that the server does not know how to follow. */
const NOT_FOLLOWED: Readonly<Record<string, string>> = {
  context: 'Name the value set itself: the contexts of elements are not resolved here.',
  contextDirection: 'Name the value set itself: the contexts of elements are not resolved here.',
  date: 'Codes are known here as they are now.',
};

/**
 * @param definition canonical of the OperationDefinition
 * @throws SiltaError `forbidden`, `invalid-parameter`, `invalid-request`, `invalid-resource`, `unsupported-content`
 */
export function openCodeOperation(request: FhirRequest, session: Session, definition: string): CodeOperation {
  const { rest, principal } = session;
  rest.access.authorize(principal, 'read', request.type);
  if (request.resource) refuseErrors(rest.conformance.validate(request.resource));
  const input = readOperationInput(request, requireDefinition(rest, definition));
  for (const [name, reason] of Object.entries(NOT_FOLLOWED)) {
    if (input.has(name)) {
      throw new SiltaError('unsupported-content', `The parameter '${name}' is not supported. ${reason}`);
    }
  }
  return { request, session, input, stored: openVisibleTerminology(session) };
}

/** Of several ways to say one thing exactly one must be taken. @throws SiltaError `invalid-parameter` */
export function requireOneOf(input: OperationInput, names: readonly string[]): void {
  const given = names.filter((name) => input.has(name));
  if (given.length === 1) return;
  const list = names.map((name) => `'${name}'`).join(', ');
  throw new SiltaError('invalid-parameter', `Exactly one of the parameters ${list} must be given.`);
}

/** The resource of the address, or the one that is in the body; undefined when it is named by a URL. */
export async function readSubject(
  { request, input, stored }: CodeOperation,
  name: 'valueSet' | 'codeSystem' | 'conceptMap',
): Promise<Resource | undefined> {
  if (request.id === '') return input.resource(name);
  const others = [name, 'url'].filter((each) => input.has(each));
  if (others.length === 0) return stored.read(request.type, request.id);
  throw new SiltaError(
    'invalid-parameter',
    `The address names the ${request.type}: leave out '${others[0]}'.`,
  );
}

/** The value set that is asked about. @throws SiltaError `not-found`, `invalid-parameter` */
export async function readValueSet(
  operation: CodeOperation,
): Promise<{ readonly subject: string | ValueSet; readonly given: readonly Resource[] }> {
  const { request, input } = operation;
  if (request.id === '') requireOneOf(input, ['url', 'valueSet']);
  const subject = await readSubject(operation, 'valueSet');
  if (subject) return { subject: subject as unknown as ValueSet, given: request.id === '' ? [subject] : [] };
  return { subject: withVersion(input.text('url') ?? '', input.text('valueSetVersion')), given: [] };
}

export function withVersion(url: string, version: string | undefined): string {
  return version === undefined ? url : `${url.split('|', 1)[0]}|${version}`;
}

/** @throws SiltaError `not-found` */
export function requireValueSet(source: TerminologySource, subject: string | ValueSet): ValueSet {
  const found = typeof subject === 'string' ? source.valueSet(subject) : subject;
  if (found) return found;
  throw new SiltaError('not-found', 'This value set is not known here, in this version at least.');
}

/** The code system that a system and version mean, or the one of the address or of the body. @throws `not-found` */
export async function openSystem(
  operation: CodeOperation,
  system: string | undefined,
  version: string | undefined,
): Promise<CodeSystemView> {
  const { session, stored } = operation;
  const subject = (await readSubject(operation, 'codeSystem')) as CodeSystem | undefined;
  const url = subject ? subject.url : system;
  if (url === undefined)
    throw new SiltaError('invalid-parameter', 'The code system must have or be given a URL.');
  if (system !== undefined && system !== url) {
    throw new SiltaError('invalid-parameter', 'The code is of another system than the one that is asked.');
  }
  const asked = { url, ...(version !== undefined && { version }) };
  const roots = { codeSystems: [asked], ...(subject && { given: [subject] }) };
  const source = await gatherTerminology(roots, stored, session.rest.terminology.builtIn);
  const view = source.codeSystem(url, version);
  if (view) return view;
  throw new SiltaError('not-found', 'This code system is not known here, or only by its name.');
}

/** The codings that are asked about: a code, a Coding or a CodeableConcept. */
export function readCodings(input: OperationInput, system: string | undefined): readonly Coding[] {
  requireOneOf(input, ['code', 'coding', 'codeableConcept']);
  const coding = input.coding('coding');
  if (coding) return [coding];
  const concept = input.concept('codeableConcept');
  if (concept) return (concept.coding ?? []) as readonly Coding[];
  const version = input.text('systemVersion') ?? input.text('version');
  const display = input.text('display');
  return [
    {
      ...(system !== undefined && { system }),
      ...(version !== undefined && { version }),
      code: input.text('code') ?? '',
      ...(display !== undefined && { display }),
    },
  ];
}

export function answerCodes(
  { stored }: CodeOperation,
  action: string,
  body: Resource | readonly ParametersParameter[],
): FhirResponse {
  const isResource = !Array.isArray(body);
  const answer = isResource ? body : { resourceType: 'Parameters', parameter: body };
  return { status: 200, body: stringifyExactly(answer), shown: { action, entities: [...stored.shown] } };
}
