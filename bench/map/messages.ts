/** What the codecs are measured with: one document of a model in XML, and one HL7 v2 message. */
import type { StructureDefinition } from 'fhir/r4';

const XML_EXTENSION = 'http://hl7.org/fhir/tools/StructureDefinition/xml-namespace';

const element = (path: string, code: string, more: Readonly<Record<string, unknown>> = {}) => ({
  id: path,
  path,
  min: 0,
  max: '1',
  type: [{ code }],
  ...more,
});
const attribute = (path: string, code = 'string') => element(path, code, { representation: ['xmlAttr'] });

/** A document as CDA writes them: namespace, attributes, codes, text. */
export const DOCUMENT_MODEL = {
  resourceType: 'StructureDefinition',
  url: 'https://silta.example/fhir/StructureDefinition/bench-document',
  name: 'ClinicalDocument',
  status: 'draft',
  kind: 'logical',
  abstract: false,
  type: 'ClinicalDocument',
  derivation: 'specialization',
  extension: [{ url: XML_EXTENSION, valueUri: 'urn:hl7-org:v3' }],
  differential: {
    element: [
      { id: 'ClinicalDocument', path: 'ClinicalDocument' },
      element('ClinicalDocument.id', 'BackboneElement'),
      attribute('ClinicalDocument.id.root'),
      attribute('ClinicalDocument.id.extension'),
      element('ClinicalDocument.entry', 'BackboneElement', { max: '*' }),
      attribute('ClinicalDocument.entry.typeCode', 'code'),
      element('ClinicalDocument.entry.code', 'BackboneElement'),
      attribute('ClinicalDocument.entry.code.code', 'code'),
      attribute('ClinicalDocument.entry.code.codeSystem'),
      attribute('ClinicalDocument.entry.code.displayName'),
      element('ClinicalDocument.entry.value', 'BackboneElement'),
      attribute('ClinicalDocument.entry.value.value', 'decimal'),
      attribute('ClinicalDocument.entry.value.unit'),
      element('ClinicalDocument.entry.title', 'BackboneElement'),
      element('ClinicalDocument.entry.title.text', 'string', { representation: ['xmlText'] }),
    ],
  },
} satisfies StructureDefinition;

export function makeDocument(entries: number): string {
  const entry = (n: number): string =>
    `  <entry typeCode="DRIV">\n    <code code="${4000 + (n % 999)}" codeSystem="1.2.246.537.6.3" displayName="Tutkimus ${n}"/>\n` +
    `    <value value="${n % 100}.5" unit="mmol/l"/>\n    <title>Tulos &amp; tulkinta ${n}</title>\n  </entry>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3">\n  <id root="1.2.246.10" extension="1"/>\n${Array.from({ length: entries }, (_, n) => entry(n)).join('\n')}\n</ClinicalDocument>\n`;
}

/** A laboratory report of so many results. */
export function makeReport(results: number): string {
  const result = (n: number): string =>
    `OBX|${n + 1}|NM|${4000 + (n % 999)}^B -Tutkimus ${n}^KUNTALIITTO||${n % 100}.5|mmol/l^^UCUM|3.5-5.5|N|||F|||20260314092653+0200||L1^Laborantti^Lea`;
  return `${[
    'MSH|^~\\&|LAB|SHUS|SILTA|HVA|20260314092653+0200||ORU^R01^ORU_R01|M-1|P|2.5.1|||||FIN|UNICODE UTF-8',
    'PID|1||131052-951J^^^&1.2.246.21&ISO||Testilä^Meri||19521013|F|||Testitie 1^^Helsinki^^00100^FI',
    'OBR|1|O-1|F-9|4548^Verenkuva^KUNTALIITTO|||20260313',
    ...Array.from({ length: results }, (_, n) => result(n)),
  ].join('\r')}\r`;
}
