/**
 * Transforms that make data types of their parts: cc, c, qty, id, cp.
 *
 * @see https://hl7.org/fhir/R4/valueset-map-transform.html
 */
import { failAt, type JsonObject } from '../frame.ts';
import { type Call, compileArguments, shapesOf, type TransformCompiler, textOf } from './call.ts';

/** Only the parts that are there; undefined when none is. */
function assemble(parts: Readonly<Record<string, unknown>>): JsonObject | undefined {
  const object: JsonObject = {};
  let isEmpty = true;
  for (const [name, value] of Object.entries(parts)) {
    if (value === undefined) continue;
    object[name] = value;
    isEmpty = false;
  }
  return isEmpty ? undefined : object;
}

type Text = string | undefined;
type Texts = readonly [Text, Text?, Text?, Text?];
type Make = (texts: Texts, call: Call) => JsonObject | undefined;

function compileParts(type: string, least: number, most: number, make: Make): TransformCompiler {
  return (call) => {
    const [first, second, third, fourth] = compileArguments(call, least, most) ?? [];
    if (!first) return undefined;
    return {
      shapes: shapesOf(call.scope, type),
      value: (frame) => {
        const one = textOf(first, frame, call);
        if (!second) return make([one], call);
        const two = textOf(second, frame, call);
        if (!third) return make([one, two], call);
        const three = textOf(third, frame, call);
        return make(fourth ? [one, two, three, textOf(fourth, frame, call)] : [one, two, three], call);
      },
    };
  };
}

const makeCoding = (texts: Texts): JsonObject | undefined => {
  const [system, code, display] = texts;
  if (code === undefined) return display === undefined ? undefined : assemble({ system, display });
  if (system !== undefined && display === undefined) return { system, code };
  return assemble({ system, code, display });
};

/** `c(system, code[, display])`: a Coding. Without a code there is nothing to write. */
export const compileCoding = compileParts('Coding', 2, 3, makeCoding);

/** `cc(text)` or `cc(system, code[, display])`: a CodeableConcept. */
export const compileConcept = compileParts('CodeableConcept', 1, 3, (texts) => {
  if (texts.length === 1) return assemble({ text: texts[0] });
  const coding = makeCoding(texts);
  return coding && { coding: [coding] };
});

/** `id(system, value[, type])`: an Identifier; the type is a code of the v2 table 0203. */
export const compileIdentifier = compileParts('Identifier', 2, 3, ([system, value, type]) => {
  if (value === undefined) return undefined;
  const typed = type === undefined ? undefined : { coding: [{ system: IDENTIFIER_TYPE, code: type }] };
  return assemble({ type: typed, system, value });
});
const IDENTIFIER_TYPE = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** `cp(value)` or `cp(system, value)`: a ContactPoint; without a system, e-mail addresses and phone numbers are told apart. */
export const compileContactPoint = compileParts('ContactPoint', 1, 2, (texts) => {
  const value = texts.at(-1);
  if (value === undefined) return undefined;
  const told = texts.length === 2 ? texts[0] : systemOf(value);
  return assemble({ system: told, value });
});

function systemOf(value: string): string | undefined {
  if (/^[^\s@]+@[^\s@]+$/.test(value)) return 'email';
  if (/^https?:\/\//.test(value)) return 'url';
  return /^\+?[\d\s()/-]+$/.test(value) ? 'phone' : undefined;
}

/** `qty('5.5 mg')` or `qty(value, unit[, system, code])`: a Quantity. */
export const compileQuantity = compileParts('Quantity', 1, 4, (texts, call) => {
  if (texts.length === 1) return texts[0] === undefined ? undefined : parseQuantity(texts[0], call);
  const [amount, unit, system, code] = texts;
  return amount === undefined ? undefined : assemble({ value: numberOf(amount, call), unit, system, code });
});

function numberOf(text: string, call: Call): number {
  if (!/^[+-]?\d+(\.\d+)?$/.test(text.trim())) return failAt(call.site, 'qty(): the value is not a number');
  return Number(text);
}

function parseQuantity(text: string, call: Call): JsonObject | undefined {
  const match = /^([<>]=?)?\s*([+-]?\d+(?:\.\d+)?)\s*(\S.*)?$/.exec(text.trim());
  if (!match) return failAt(call.site, 'qty(): the text is not a number with a unit');
  const [, comparator, amount = '', unit] = match;
  return assemble({ value: numberOf(amount, call), comparator, unit });
}
