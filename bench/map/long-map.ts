/** A map of 300 lines as integration engineers write them: groups, conditions, translations, data types. */
const GROUPS = 24;

const HEAD = `/// url = 'https://silta.example/fhir/StructureMap/bench-long'
/// name = 'BenchLong'

conceptmap "#gender" {
  prefix s = "http://hl7.org/fhir/administrative-gender"
  prefix t = "urn:oid:1.2.246.537.5.1"
  s:male == t:"1"
  s:female == t:"2"
  s:other - t:"9"
}

uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "http://hl7.org/fhir/StructureDefinition/Bundle" alias Bundle as target
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Person as produced
`;

const groupText = (n: number): string => `
group Part${n}(source patient : Patient, target person : Person) {
  patient.name as name where use = 'official' or use.empty() -> person.name as made then {
    name.family as family -> made.family = family "family";
    name.given as given -> made.given = given "given";
  } "name";
  patient.identifier as id where system = 'urn:oid:1.2.246.21' -> person.identifier = id('urn:oid:1.2.246.21', (%id.value)) "id";
  patient.gender as gender where gender != 'unknown' -> person.extension as e, e.url = 'urn:gender${n}', e.value = translate(gender, '#gender', 'Coding') "gender";
  patient.birthDate as day -> person.birthDate = day "day";
  patient.telecom as telecom where system = 'phone' and value.exists() -> person.telecom = cp('phone', (%telecom.value)) "phone";
  patient.address first as address -> person.address = address "address";
}`;

const main = `
group Main(source patient : Patient, target bundle : Bundle) {
  patient -> bundle.type = 'collection' "type";
  patient -> bundle.entry as entry, entry.resource = create('Patient') as person then Part0(patient, person) "first";
${Array.from({ length: GROUPS - 1 }, (_, n) => `  patient -> bundle.entry as entry, entry.resource = create('Patient') as person then Part${n + 1}(patient, person) "part${n + 1}";`).join('\n')}
}`;

/**
 * @param turn makes the text another one, as an edit would
 * @param name makes it another map
 */
export function longMap(turn: number, name = 'long'): string {
  const groups = Array.from({ length: GROUPS }, (_, n) => groupText(n));
  return `${HEAD.replace('bench-long', `bench-${name}`)}${main}\n${groups.join('\n')}\n// edit ${turn}\n`;
}
