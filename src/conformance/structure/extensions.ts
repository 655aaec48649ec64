/**
 * An extension has either a value or extensions of its own, and a URL that says what it means; the definition behind
 * the URL says what it may hold and where it may stand.
 *
 * @see https://hl7.org/fhir/R4/extensibility.html#Extension
 */
import type { Structure } from '../../definitions/index.ts';
import { finding } from '../finding.ts';
import { isObject, type JsonObject, listOf } from '../json.ts';
import { at, type Place, placesFrom } from '../place.ts';
import { showable } from '../showable.ts';
import { mayStandAt } from './extension-context.ts';
import type { ObjectCheck, Run } from './run.ts';
import type { Types } from './types.ts';

/** HL7 goes on defining extensions for R4 in packages of their own. */
const HL7 = 'http://hl7.org/fhir/StructureDefinition/';

/** Addresses that nothing real has: https://www.rfc-editor.org/rfc/rfc2606 */
const EXAMPLE = /^https?:\/\/(?:[\w-]+\.)*example\.(?:com|net|org)\//;

/** The checks of every extension, besides its elements. */
export function checkExtension(types: Types): ObjectCheck {
  return (extension, place, run) => {
    checkContent(extension, place, run);
    const { url } = extension;
    if (typeof url !== 'string') return;
    const inExtension = place.parent?.step === 'extension' || place.parent?.step === 'modifierExtension';
    if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) {
      if (!inExtension) reportRelative(place, run);
      return;
    }
    const definition = types.definitions.structure(url);
    if (definition?.type === 'Extension') checkDefined(extension, definition, place, run, types);
    else reportUnknown(url, place, run);
  };
}

/** Invariant ext-1, without FHIRPath. */
function checkContent(extension: JsonObject, place: Place, run: Run): void {
  let values = false;
  for (const key in extension) {
    if (key.startsWith('value') || key.startsWith('_value')) values = true;
  }
  if (values !== (extension['extension'] !== undefined)) return;
  const text = `ext-1: An extension must have either a value or extensions, not ${values ? 'both' : 'neither'}.`;
  run.issues.push({ ...finding('invariant', 'element-missing', place, text), key: 'ext-1' });
}

function reportRelative(place: Place, run: Run): void {
  const text = 'The URL of an extension must be absolute, except inside another extension.';
  run.issues.push(finding('value', 'extension', at(place, 'url'), text));
}

/** What an unknown modifier changes cannot be guessed; any other extension may be ignored. */
function reportUnknown(url: string, place: Place, run: Run): void {
  const name = showable(url);
  const what = name ? `The extension '${name}'` : 'This extension';
  const modifies = place.step === 'modifierExtension';
  const refused = (modifies && !(run.examples && EXAMPLE.test(url))) || (run.strict && !url.startsWith(HL7));
  const severity = refused ? 'error' : modifies ? 'warning' : 'information';
  const consequence = modifies
    ? ', and it may change the meaning of what it stands in.'
    : refused
      ? '.'
      : ', so it was not checked.';
  run.issues.push(
    finding('extension', 'extension', place, `${what} is not known here${consequence}`, severity),
  );
}

function checkDefined(
  extension: JsonObject,
  definition: Structure,
  place: Place,
  run: Run,
  types: Types,
): void {
  checkModifier(definition, place, run);
  const holder = holderUrl(place, run);
  const contexts = definition.context ?? [];
  if (contexts.length > 0 && mayStandAt(definition, place, holder, run, types.definitions) === false) {
    const allowed = contexts.map(({ expression }) => expression).join(', ');
    const text = `The extension '${definition.url}' may not stand here. Allowed: ${allowed}.`;
    run.issues.push(finding('extension', 'extension', place, text));
  }
  checkParts(extension, definition, place, run);
  types.profile(definition.url)?.(extension, place, run);
}

/** The parts of a complex extension have the names that its definition gives them. */
function checkParts(extension: JsonObject, definition: Structure, place: Place, run: Run): void {
  const parts = listOf(extension['extension']);
  if (parts.length === 0) return;
  const known = definition
    .slices('Extension.extension')
    .map(({ path }) => definition.element(`${path}.url`)?.fixed);
  for (const [index, part] of parts.entries()) {
    const url = isObject(part) ? part['url'] : undefined;
    if (typeof url !== 'string' || /:/.test(url) || known.includes(url)) continue;
    const hint = run.hint(url, known.map(String));
    const text = `The extension '${definition.url}' has no part of this name.${hint}`;
    run.issues.push(finding('extension', 'extension', at(place, 'extension', index), text));
  }
}

function checkModifier(definition: Structure, place: Place, run: Run): void {
  const modifies = definition.elements[0]?.modifier === true;
  if (modifies === (place.step === 'modifierExtension')) return;
  const right = modifies ? 'modifierExtension' : 'extension';
  const text = `The extension '${definition.url}' must stand in ${right}.`;
  run.issues.push(finding('extension', 'extension', place, text));
}

/** URL of the extension that this one stands in. */
function holderUrl(place: Place, run: Run): string | undefined {
  const steps = placesFrom(run.base, place).slice(0, -1);
  if (steps.at(-1)?.step !== 'extension' && steps.at(-1)?.step !== 'modifierExtension') return undefined;
  let value: unknown = run.resource;
  for (const { step, index } of steps) {
    const object = value as JsonObject | undefined;
    const member = object?.[step];
    value = index < 0 || !Array.isArray(member) ? member : member[index];
  }
  return (value as JsonObject | undefined)?.['url'] as string | undefined;
}
