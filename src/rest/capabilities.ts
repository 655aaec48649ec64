// https://hl7.org/fhir/R4/http.html#capabilities
import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestSecurity,
} from 'fhir/r4';
import { MAPPING_TYPE, MEDIA_TYPES } from './media-type.ts';
import { PATCH_FORMATS } from './patch-document.ts';
import { isOfType, ROUTES, type Route } from './routes.ts';
import { isStoredType } from './stored-type.ts';
import type { RestOptions } from './types.ts';

type TypeCode = CapabilityStatementRestResource['type'];
type Interaction = NonNullable<CapabilityStatementRestResource['interaction']>[number]['code'];

const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';

/**
 * The CapabilityStatement, generated from the routes and definitions the server runs on.
 * @param started since when the server is as described
 */
export function describeCapabilities(rest: RestOptions, started: Date): CapabilityStatement {
  const types = [...rest.definitions.resourceTypes].filter((type) =>
    isStoredType(rest.definitions.resourceTypes, type),
  );
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: started.toISOString(),
    kind: 'instance',
    software: { name: 'Silta', version: rest.version },
    implementation: { description: 'Silta FHIR gateway', url: rest.baseUrl },
    fhirVersion: '4.0.1',
    instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'],
    format: [...MEDIA_TYPES.json.slice(0, 1), 'json', ...MEDIA_TYPES.xml.slice(0, 1), 'xml', MAPPING_TYPE],
    patchFormat: [...PATCH_FORMATS],
    rest: [
      {
        mode: 'server',
        security: describeSecurity(rest.smartConfiguration() as SmartConfiguration),
        resource: types.sort().map((type) => describeType(rest, type)),
        interaction: [
          { code: 'transaction' },
          { code: 'batch' },
          { code: 'history-system' },
          { code: 'search-system' },
        ],
        operation: describeOperations(ROUTES.filter((route) => !isOfType(route))),
      },
    ],
  };
}

function describeType(rest: RestOptions, type: string): CapabilityStatementRestResource {
  const routes = ROUTES.filter((route) => isOfType(route) && (route.types?.includes(type) ?? true));
  const searched = rest.store.searchParameters(type);
  const codes = new Set(routes.flatMap(({ name, operation }) => (operation ? [] : [name])));
  return {
    type: type as TypeCode,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    interaction: [...codes].map((code) => ({ code: code as Interaction })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: rest.clientIds,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'single',
    referencePolicy: rest.enforceReferences ? ['literal', 'enforced'] : ['literal'],
    searchInclude: [
      '*',
      ...searched.filter((each) => each.type === 'reference').map((each) => `${type}:${each.code}`),
    ],
    searchRevInclude: ['*'],
    searchParam: [
      ...searched.map(({ code, url, type: kind }) => ({ name: code, definition: url, type: kind })),
      { name: '_list', type: 'special' },
    ],
    operation: describeOperations(routes),
  };
}

/** Each operation once, however many methods it is asked for by. */
function describeOperations(
  routes: readonly Route[],
): NonNullable<CapabilityStatementRestResource['operation']> {
  const named = routes.flatMap(({ name, operation }) => (operation ? [[operation, name] as const] : []));
  return [...new Map(named)].map(([definition, name]) => ({ name, definition }));
}

interface SmartConfiguration {
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly introspection_endpoint?: string;
  readonly revocation_endpoint?: string;
}

/** @see https://hl7.org/fhir/smart-app-launch/conformance.html */
function describeSecurity(smart: SmartConfiguration): CapabilityStatementRestSecurity {
  const uris = [
    ['authorize', smart.authorization_endpoint],
    ['token', smart.token_endpoint],
    ['introspect', smart.introspection_endpoint],
    ['revoke', smart.revocation_endpoint],
  ] as const;
  const known = uris.flatMap(([url, valueUri]) => (valueUri ? [{ url, valueUri }] : []));
  return {
    service: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' },
        ],
      },
    ],
    ...(known.length > 0 && { extension: [{ url: OAUTH_URIS, extension: known }] }),
  };
}
