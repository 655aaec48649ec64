/**
 * Where in a resource the validator stands: a linked list towards the root, made into FHIRPath text only when there
 * is something to report.
 *
 * @see https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
 */
export interface Place {
  readonly parent: Place | undefined;
  readonly step: string;
  /** Position in a repeating element, counted from 0; -1 when the element does not repeat. */
  readonly index: number;
}

/** The place of a resource itself. */
export function rootPlace(resourceType: string): Place {
  return { parent: undefined, step: resourceType, index: -1 };
}

/** A place one step further in. */
export function at(parent: Place, step: string, index = -1): Place {
  return { parent, step, index };
}

/** The FHIRPath of a place: element names, indexes and nothing else, e.g. `Task.input[0].value`. */
export function expressionOf(place: Place): string {
  const steps: string[] = [];
  for (let here: Place | undefined = place; here; here = here.parent) {
    steps.push(here.index < 0 ? here.step : `${here.step}[${here.index}]`);
  }
  return steps.reverse().join('.');
}

/** The places from below `base` down to `place`. */
export function placesFrom(base: Place, place: Place): readonly Place[] {
  const places: Place[] = [];
  for (let here: Place | undefined = place; here && here !== base; here = here.parent) places.push(here);
  return places.reverse();
}
