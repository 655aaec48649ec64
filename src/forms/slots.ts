/** The places of a response that hold, or should hold, a calculated answer. */
import type { Form, FormItem } from './form.ts';
import { isObject, type JsonObject, objectsOf } from './json.ts';

export interface Slot {
  readonly item: FormItem;
  /** Response items around it, outermost first; empty at the top. */
  readonly holders: readonly JsonObject[];
  /** FHIRPath of the response item; of the element that should hold it when the client did not send one. */
  readonly place: string;
  /** The answers as the client sent them. */
  readonly given: readonly JsonObject[];
  /** The answers as they are now. */
  answers: readonly JsonObject[];
  /** The response item; undefined until it is added. */
  element: JsonObject | undefined;
  /** Adds the item, and the groups around it, where the Questionnaire has it. */
  readonly add: () => JsonObject;
}

/** A response whose items may be changed: it is the copy that is being completed. */
type Holder = Record<string, unknown>;

/** A copy of items, deep enough to add items anywhere. */
export function copyItems(items: unknown): JsonObject[] {
  return objectsOf(items).map((item) => ({
    ...item,
    ...(item['item'] !== undefined && { item: copyItems(item['item']) }),
    ...(Array.isArray(item['answer']) && { answer: item['answer'].map(copyAnswer) }),
  }));
}

function copyAnswer(answer: unknown): unknown {
  if (!isObject(answer) || answer['item'] === undefined) return answer;
  return { ...answer, item: copyItems(answer['item']) };
}

/** Every place for a calculated answer, in the order of the Questionnaire. */
export function findSlots(form: Form, response: JsonObject): readonly Slot[] {
  const slots: Slot[] = [];
  collect(form.items, response, [], response['resourceType'] as string, () => response, slots);
  return slots;
}

function collect(
  definitions: readonly FormItem[],
  holder: Holder,
  holders: readonly JsonObject[],
  path: string,
  attach: () => Holder,
  slots: Slot[],
): void {
  for (const definition of definitions) {
    if (!definition.calculates) continue;
    const found = objectsOf(holder['item']).map((element, index) => ({ element, index }));
    const own = found.filter(({ element }) => element['linkId'] === definition.linkId);
    if (definition.calculated !== undefined) {
      slots.push(slotOf(definition, own[0], holders, path, () => insert(attach(), definition, definitions)));
    }
    for (const { element, index } of own) {
      const inside = [...holders, element];
      const place = `${path}.item[${index}]`;
      collect(definition.children, element, inside, place, () => element, slots);
      objectsOf(element['answer']).forEach((answer, at) => {
        collect(definition.children, answer, inside, `${place}.answer[${at}]`, () => answer, slots);
      });
    }
    if (own.length === 0 && definition.type === 'group' && !definition.repeats) {
      collectAbsent(definition, definitions, holders, path, attach, slots);
    }
  }
}

/** A group the client left out is added when something in it is computed. */
function collectAbsent(
  definition: FormItem,
  siblings: readonly FormItem[],
  holders: readonly JsonObject[],
  path: string,
  attach: () => Holder,
  slots: Slot[],
): void {
  const group: Holder = { linkId: definition.linkId };
  let attached = false;
  const attachGroup = () => {
    if (!attached) insert(attach(), definition, siblings, group);
    attached = true;
    return group;
  };
  collect(definition.children, group, [...holders, group], path, attachGroup, slots);
}

function slotOf(
  item: FormItem,
  own: { readonly element: JsonObject; readonly index: number } | undefined,
  holders: readonly JsonObject[],
  path: string,
  add: () => JsonObject,
): Slot {
  const given = objectsOf(own?.element['answer']);
  const place = own ? `${path}.item[${own.index}]` : path;
  return { item, holders, place, given, answers: given, element: own?.element, add };
}

/** Puts an item before the first one that the Questionnaire has after it. */
function insert(
  holder: Holder,
  definition: FormItem,
  siblings: readonly FormItem[],
  element: JsonObject = { linkId: definition.linkId },
): JsonObject {
  const later = new Set(siblings.slice(siblings.indexOf(definition) + 1).map(({ linkId }) => linkId));
  const items = [...objectsOf(holder['item'])];
  const index = items.findIndex((item) => later.has(String(item['linkId'])));
  items.splice(index < 0 ? items.length : index, 0, element);
  holder['item'] = items;
  return element;
}

/** Gives a slot its computed answers. */
export function setAnswers(slot: Slot, answers: readonly JsonObject[]): void {
  slot.element ??= slot.add();
  slot.answers = answers;
  if (answers.length > 0) slot.element['answer'] = answers;
  else delete slot.element['answer'];
}
