// https://hl7.org/fhir/R4/valueset-operation-expand.html
import type { ValueSetExpansion } from 'fhir/r4';
import { SiltaError } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import {
  type ExpandOptions,
  expandValueSet,
  gatherTerminology,
  type VersionPolicy,
} from '../../terminology/index.ts';
import { HL7_OPERATION } from '../operation-definition.ts';
import type { OperationInput } from '../operation-input.ts';
import type { Interact } from '../types.ts';
import { answerCodes, openCodeOperation, readValueSet, requireValueSet } from './open-operation.ts';

/** `ValueSet/$expand`, of a stored value set, of a built-in one, or of the one in the body. */
export const expand: Interact = async (request, session) => {
  const { rest } = session;
  const operation = openCodeOperation(request, session, `${HL7_OPERATION}/ValueSet-expand`);
  const { input, stored } = operation;
  const { subject, given } = await readValueSet(operation);
  const roots = { valueSets: [subject], given: given as never };
  const source = await gatherTerminology(roots, stored, rest.terminology.builtIn, readPolicy(input));
  const expanded = expandValueSet(requireValueSet(source, subject), source, {
    ...readOptions(input),
    identifier: `urn:uuid:${rest.uuid()}`,
    timestamp: rest.clock().toISOString(),
  });
  return answerCodes(operation, 'expand', expanded as unknown as Resource);
};

function readOptions(input: OperationInput): Omit<ExpandOptions, 'identifier' | 'timestamp'> {
  const count = readWhole(input, 'count');
  const offset = readWhole(input, 'offset');
  const filter = input.text('filter');
  const displayLanguage = input.text('displayLanguage');
  const flags = [
    'includeDesignations',
    'includeDefinition',
    'activeOnly',
    'excludeNested',
    'excludeNotForUI',
  ];
  const given = flags.flatMap((name) => (input.has(name) ? [[name, input.flag(name)]] : []));
  return {
    ...Object.fromEntries(given),
    ...(count !== undefined && { count }),
    ...(offset !== undefined && { offset }),
    ...(filter !== undefined && { filter }),
    ...(displayLanguage !== undefined && { displayLanguage }),
    designations: input.texts('designation'),
    excludeSystems: input.texts('exclude-system'),
    echoed: echo(input),
  };
}

function readWhole(input: OperationInput, name: 'count' | 'offset'): number | undefined {
  const number = input.number(name);
  if (number === undefined || number >= 0) return number;
  throw new SiltaError('invalid-parameter', `The parameter '${name}' must be a whole number of at least 0.`);
}

/** What the expansion was made by; the value set itself is what is answered. */
function echo(input: OperationInput): NonNullable<ValueSetExpansion['parameter']> {
  const shown = input.primitives.filter(({ name }) => name !== 'url' && name !== 'valueSetVersion');
  return shown.map(({ name, type, value }) => {
    const kind = type === 'canonical' ? 'uri' : type;
    return { name, [`value${kind.charAt(0).toUpperCase()}${kind.slice(1)}`]: value };
  });
}

function readPolicy(input: OperationInput): VersionPolicy {
  return {
    otherwise: readVersions(input, 'system-version'),
    check: readVersions(input, 'check-system-version'),
    force: readVersions(input, 'force-system-version'),
  };
}

function readVersions(input: OperationInput, name: string): ReadonlyMap<string, string> {
  return new Map(
    input.texts(name).map((canonical) => {
      const [system = '', version = ''] = canonical.split('|', 2);
      if (version !== '') return [system, version];
      throw new SiltaError(
        'invalid-parameter',
        `The parameter '${name}' must be a system and version: 'system|version'.`,
      );
    }),
  );
}
