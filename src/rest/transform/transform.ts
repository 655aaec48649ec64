// https://hl7.org/fhir/R4/structuremap-operation-transform.html
// https://hl7.org/fhir/R5/structuremap-operation-transform.html
import type { ConceptMap, StructureDefinition } from 'fhir/r4';
import { SiltaError } from '../../outcome.ts';
import type { Resource } from '../../resource.ts';
import { chooseVersion } from '../../store/index.ts';
import { escapeValue } from '../parse-parameters.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import type { FhirResponse, Interact, Session } from '../types.ts';
import type { GivenMap, JobAnswer, MapJob, Needs } from './map-job.ts';
import { readTransformInput, type TransformInput } from './read-transform-input.ts';

/** Rounds of looking for what maps refer to: imports of imports of imports. */
const ROUNDS = 8;
/** Canonicals that a map, and what it imports, may refer to; each is a search. */
const MOST_NEEDS = 200;
/** Versions of one canonical that are looked at. */
const MOST_VERSIONS = 100;

/** A stored resource, when the caller may read it. */
type Find = (type: string, canonical: string) => Promise<Resource | undefined>;

/**
 * `POST StructureMap/$transform` and `StructureMap/[id]/$transform`: runs a map over what is sent, in a thread of its
 * own. A stored map needs the right to read StructureMaps; a map that comes with the request the right to create them,
 * because it is a program. Nothing is stored.
 */
export const transform: Interact = async (request, session) => {
  refuseParameters(request, ['source', 'debug']);
  const { rest, principal } = session;
  rest.access.authorize(principal, 'read', 'StructureMap');
  const input = readTransformInput(request);
  const entities: string[] = [];
  const find = finder(session, entities);
  if (input.map || input.supporting.length > 0) rest.access.authorize(principal, 'create', 'StructureMap');
  const map = await chooseMap(input, request.id, find, session);
  if (input.content.length === 0)
    throw new SiltaError('invalid-request', "The parameter 'content' is missing: what is to be transformed?");
  const answer = await runWhole(
    { ...input, map, absent: [], now: rest.clock().toISOString() },
    find,
    session,
  );
  return { ...(await respond(answer)), shown: { action: 'transform', entities } };
};

/**
 * Finds what is stored, among what this caller may see, and remembers it for the audit: what is hidden neither shows
 * itself nor stands before what is not.
 */
function finder({ rest, principal, reader }: Session, entities: string[]): Find {
  return async (type, canonical) => {
    rest.access.authorize(principal, 'read', type);
    const [url = '', version] = canonical.split('|');
    const { matches } = await reader.search({
      type,
      parameters: [
        ['url', escapeValue(url)],
        ['_count', String(MOST_VERSIONS)],
      ],
      visibility: rest.access.visibility(principal),
    });
    const visible = matches.filter((each) => rest.access.maySee(principal, each));
    const versions = visible.map(({ content }) => JSON.parse(content ?? '{}') as Resource);
    const found = chooseVersion(versions, version);
    if (found) entities.push(`${type}/${found.id}`);
    return found;
  };
}

async function chooseMap(
  input: TransformInput,
  id: string,
  find: Find,
  { rest, principal, reader }: Session,
): Promise<GivenMap> {
  const ways = [id !== '', input.map !== undefined, input.source !== undefined].filter(Boolean).length;
  if (ways !== 1)
    throw new SiltaError(
      'invalid-request',
      "Say which map once: by the address, by 'source', or with 'srcMap' or 'sourceMap'.",
    );
  if (input.map) return input.map;
  if (id !== '') {
    const stored = rest.access.authorizeStored(
      principal,
      'StructureMap',
      await reader.read('StructureMap', id),
    );
    if (stored.content === null) throw new SiltaError('gone', 'This StructureMap was deleted.');
    return { resource: JSON.parse(stored.content) as object };
  }
  const resource = await find('StructureMap', input.source ?? '');
  if (!resource) throw new SiltaError('not-found', 'There is no StructureMap of this url.');
  return { resource };
}

/** Runs the job; what the maps refer to is looked for in the store until nothing is lacking. */
async function runWhole(
  job: MapJob,
  find: Find,
  { rest }: Session,
): Promise<Exclude<JobAnswer, { kind: 'needs' }>> {
  let whole = job;
  for (let round = 0; round < ROUNDS; round += 1) {
    const answer = await rest.mapSandbox.run(whole);
    if (answer.kind !== 'needs') return answer;
    whole = await supply(whole, answer.needs, find);
  }
  throw new SiltaError('too-costly', `The maps import each other more than ${ROUNDS} deep.`);
}

async function supply(job: MapJob, needs: Needs, find: Find): Promise<MapJob> {
  const absent = [...job.absent];
  const drawnOn = [job.supporting, job.models, job.conceptMaps, absent, ...Object.values(needs)];
  if (drawnOn.flat().length > MOST_NEEDS)
    throw new SiltaError('too-costly', `The maps refer to more than ${MOST_NEEDS} other resources.`);
  const gather = async (type: string, urls: readonly string[]): Promise<readonly Resource[]> => {
    const found: Resource[] = [];
    for (const url of urls) {
      const resource = await find(type, url);
      if (resource) found.push(resource);
      else absent.push(url);
    }
    return found;
  };
  const maps = await gather('StructureMap', needs.maps);
  const models = await gather('StructureDefinition', needs.models);
  const conceptMaps = await gather('ConceptMap', needs.conceptMaps);
  return {
    ...job,
    supporting: [...job.supporting, ...maps.map((resource) => ({ resource }))],
    models: [...job.models, ...(models as unknown as readonly StructureDefinition[])],
    conceptMaps: [...job.conceptMaps, ...(conceptMaps as unknown as readonly ConceptMap[])],
    absent,
  };
}

/** A resource as such; what is no FHIR in a Binary; with `debug` the trace. */
async function respond(answer: Exclude<JobAnswer, { kind: 'needs' }>): Promise<FhirResponse> {
  if (answer.kind === 'fault') {
    if (answer.of === 'size')
      throw new SiltaError('too-costly', 'The result of the map is too large to be answered.');
    const what = answer.of === 'map' ? 'The map is broken.' : 'The map cannot be applied to this content.';
    throw new SiltaError(answer.of === 'map' ? 'unsupported-content' : 'invalid-resource', what, {
      issues: answer.lines.map((diagnostics) => ({
        severity: 'error',
        code: answer.of === 'map' ? 'not-supported' : 'processing',
        diagnostics,
      })),
    });
  }
  if (answer.trace) return { status: 200, body: JSON.stringify(answer.trace) };
  const { result } = answer;
  const isResource = typeof result === 'object' && result !== null && 'resourceType' in result;
  const body = isResource
    ? result
    : {
        resourceType: 'Binary',
        contentType: 'application/json',
        data: Buffer.from(JSON.stringify(result)).toString('base64'),
      };
  return { status: 200, body: JSON.stringify(body) };
}
