/** @see https://hl7.org/fhir/R4/terminology-service.html */
import { HL7_OPERATION } from '../operation-definition.ts';
import { operationRoutes } from '../operation-routes.ts';
import type { Route } from '../routes.ts';
import type { Interact } from '../types.ts';
import { expand } from './expand.ts';
import { lookup } from './lookup.ts';
import { subsumes } from './subsumes.ts';
import { translate } from './translate.ts';
import { validateCodeInCodeSystem, validateCodeInValueSet } from './validate-code.ts';

/** None of them changes anything, so each is asked by GET as well as by POST. */
const ask = (interact: Interact, type: string, name: string, at: readonly ('type' | 'instance')[]) =>
  operationRoutes(interact, `${HL7_OPERATION}/${type}-${name}`, {
    types: [type],
    methods: ['GET', 'POST'],
    at,
  });

const BOTH = ['type', 'instance'] as const;

export const CODE_ROUTES: readonly Route[] = [
  ...ask(expand, 'ValueSet', 'expand', BOTH),
  ...ask(validateCodeInValueSet, 'ValueSet', 'validate-code', BOTH),
  ...ask(lookup, 'CodeSystem', 'lookup', ['type']),
  ...ask(validateCodeInCodeSystem, 'CodeSystem', 'validate-code', BOTH),
  ...ask(subsumes, 'CodeSystem', 'subsumes', BOTH),
  ...ask(translate, 'ConceptMap', 'translate', BOTH),
];
