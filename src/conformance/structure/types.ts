/**
 * The checks of types and resources by name, each compiled when it is first met and kept.
 *
 * @see https://hl7.org/fhir/R4/datatypes.html
 */
import type { Definitions, Structure } from '../../definitions/index.ts';
import { finding } from '../finding.ts';
import { type JsonObject, kindOf } from '../json.ts';
import type { Place } from '../place.ts';
import { showable } from '../showable.ts';
import { checkAttachment } from './attachments.ts';
import { checkBundle } from './bundles.ts';
import { checkContainedUse } from './contained.ts';
import { checkCapabilities, checkSearchParameter, checkStructureDefinition } from './definition-resources.ts';
import { checkExtension } from './extensions.ts';
import { checkIdentifier } from './identifiers.ts';
import { checkInvariants } from './invariants.ts';
import { compileObject } from './objects.ts';
import type { ObjectCheck, Run } from './run.ts';

export interface Types {
  readonly definitions: Definitions;
  /** The check of a complex type; undefined when the type is not known. */
  complex(type: string): ObjectCheck | undefined;
  /** The check of an element with content of its own, e.g. `Task.input`. */
  backbone(structure: Structure, path: string): ObjectCheck;
  /** Keys of the invariants that a type judges itself. */
  invariantKeys(type: string): ReadonlySet<string>;
  /** Judges a resource by the base definition of the type it says it has. */
  readonly resource: (resource: JsonObject, place: Place, run: Run) => void;
  /** Judges an object by a profile; set by the room that knows profiles. */
  profile(url: string): ObjectCheck | undefined;
}

/** Checks that a type has beyond its definition. */
const BEYOND: Readonly<Record<string, (types: Types) => ObjectCheck>> = {
  Attachment: () => checkAttachment,
  Bundle: () => checkBundle,
  CapabilityStatement: checkCapabilities,
  Extension: checkExtension,
  Identifier: () => checkIdentifier,
  SearchParameter: checkSearchParameter,
  StructureDefinition: checkStructureDefinition,
};

/** @param profile finds the check of a profile by its canonical URL */
export function createTypes(definitions: Definitions, profile: Types['profile']): Types {
  const compiled = new Map<string, ObjectCheck>();
  const keep = (name: string, compile: () => ObjectCheck): ObjectCheck => {
    const known = compiled.get(name);
    if (known) return known;
    const check = compileWhenMet(compile);
    compiled.set(name, check);
    return check;
  };
  const types: Types = {
    definitions,
    complex: (type) => {
      const structure = definitions.structure(type);
      if (!structure || structure.kind === 'primitive-type') return undefined;
      return keep(type, () => compileType(type, types));
    },
    backbone: (structure, path) =>
      keep(`${structure.url} ${path}`, () => compileObject(structure, path, types)),
    invariantKeys: (type) =>
      new Set(definitions.structure(type)?.elements[0]?.constraints.map(({ key }) => key)),
    resource: (resource, place, run) => judgeResource(resource, place, run, types),
    profile,
  };
  return types;
}

/** A type may hold itself (Extension, Questionnaire.item), so nothing is compiled before it is first used. */
function compileWhenMet(compile: () => ObjectCheck): ObjectCheck {
  let check: ObjectCheck = (object, place, run) => {
    check = compile();
    check(object, place, run);
  };
  return (object, place, run) => check(object, place, run);
}

function compileType(type: string, types: Types): ObjectCheck {
  const structure = types.definitions.structure(type);
  if (!structure) throw new Error(`No definition of ${type}.`);
  const isResource = structure.kind === 'resource';
  const content = compileObject(structure, structure.type, types, isResource);
  const checks = [
    content,
    ...checkInvariants(structure.elements[0]?.constraints ?? [], structure.type),
    ...(BEYOND[type] ? [BEYOND[type](types)] : []),
    ...(isResource ? [checkContainedUse] : []),
  ];
  return (object, place, run) => {
    for (const check of checks) check(object, place, run);
  };
}

function judgeResource(resource: JsonObject, place: Place, run: Run, types: Types): void {
  const type = resource['resourceType'];
  const known = typeof type === 'string' && types.definitions.resourceTypes.has(type) ? type : undefined;
  const check = known === undefined ? undefined : types.complex(known);
  if (check) {
    check(resource, place, run);
    return;
  }
  const text =
    typeof type === 'string'
      ? unknownType(type, types, run)
      : `resourceType must be a string, not ${kindOf(type)}.`;
  run.issues.push(finding('structure', 'resource-type', place, text));
}

function unknownType(type: string, types: Types, run: Run): string {
  const shown = showable(type);
  return `${shown ? `'${shown}'` : 'This'} is no resource type.${run.hint(type, types.definitions.resourceTypes)}`;
}
