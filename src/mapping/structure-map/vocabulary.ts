/** Names that both directions between maps and StructureMaps agree on. */

const R5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-StructureMap';

/** R5's `StructureMap.const`. */
export const CONSTANT_EXTENSION = `${R5}.const`;
/** R5's `defaultValue` is a FHIRPath expression; R4 has only values. */
export const DEFAULT_EXTENSION = `${R5}.group.rule.source.defaultValue`;
/** R5's `dependent.parameter` may be a literal; R4 has only variables. */
export const DEPENDENT_EXTENSION = `${R5}.group.rule.dependent.parameter`;
/** R5's list mode `single`, which R4 does not have. */
export const SINGLE_EXTENSION = `${R5}.group.rule.target.listMode`;

const R4 = 'http://hl7.org/fhir/4.0/StructureDefinition/extension';

/** R4's `defaultValue[x]`; R5 has only an expression. */
export const LITERAL_DEFAULT_EXTENSION = `${R4}-StructureMap.group.rule.source.defaultValue`;
/** R4's list mode `collate`, which R5 does not have. */
export const COLLATE_EXTENSION = `${R4}-StructureMap.group.rule.target.listMode`;
/** R4's equivalences, of which R5 has half. */
export const EQUIVALENCE_EXTENSION = `${R4}-ConceptMap.group.element.target.equivalence`;

/** Marks a rule whose name was made up, because R4 requires one. */
export const UNNAMED_RULE = 'https://silta.example/fhir/StructureDefinition/map-unnamed-rule';
/** Metadata that is not an element of StructureMap by itself. */
export const METADATA_EXTENSION = 'https://silta.example/fhir/StructureDefinition/map-metadata';

/** How the reference implementation writes the short form `src.a -> tgt.b;`. */
export const SHORT_FORM_VARIABLE = 'vvv';
export const SHORT_FORM_GROUP = 'DefaultMappingGroupAnonymousAlias';

/** Elements of StructureMap that `/// key = value` sets. */
export const METADATA_KEYS = [
  'id',
  'version',
  'title',
  'status',
  'experimental',
  'date',
  'publisher',
  'description',
  'purpose',
  'copyright',
] as const;

export function isKnownMetadata(key: string): boolean {
  return METADATA_KEYS.some((known) => known === key);
}
