/**
 * The part of a clinical document that the official mapping cases write. The suite names these models but does not
 * hold them; here they are as CDA defines the types, in the namespace of the suite's outputs.
 *
 * @see https://hl7.org/cda/stds/core/
 */
import type { ElementDefinition, StructureDefinition } from 'fhir/r4';

const ROOT = 'http://hl7.org/fhir/cdatest/StructureDefinition';
const NAMESPACE = 'urn:hl7-org:v3-test';

type Representation = NonNullable<ElementDefinition['representation']>[number];

function element(path: string, type: string, max = '1', representation?: Representation): ElementDefinition {
  return {
    id: path,
    path,
    min: 0,
    max,
    type: [{ code: type }],
    ...(representation && { representation: [representation] }),
  };
}

function model(name: string, elements: readonly ElementDefinition[]): StructureDefinition {
  return {
    resourceType: 'StructureDefinition',
    extension: [{ url: 'http://hl7.org/fhir/tools/StructureDefinition/xml-namespace', valueUri: NAMESPACE }],
    url: `${ROOT}/${name}`,
    name,
    status: 'active',
    kind: 'logical',
    abstract: false,
    type: name,
    snapshot: { element: [{ id: name, path: name, min: 1, max: '1' }, ...elements] },
  };
}

/** Clinical document, coded value and text. */
export const CDA_MODELS: readonly StructureDefinition[] = [
  model('ClinicalDocument', [
    element('ClinicalDocument.code', `${ROOT}/CD`),
    element('ClinicalDocument.title', `${ROOT}/ST`),
  ]),
  model('CD', [
    element('CD.nullFlavor', 'code', '1', 'xmlAttr'),
    element('CD.code', 'string', '1', 'xmlAttr'),
    element('CD.codeSystem', 'string', '1', 'xmlAttr'),
    element('CD.codeSystemName', 'string', '1', 'xmlAttr'),
    element('CD.displayName', 'string', '1', 'xmlAttr'),
    element('CD.translation', `${ROOT}/CD`, '*', 'typeAttr'),
  ]),
  model('ST', [
    element('ST.nullFlavor', 'code', '1', 'xmlAttr'),
    element('ST.data', 'string', '1', 'xmlText'),
  ]),
];
