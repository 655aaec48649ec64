export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list that may be missing or malformed. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.every(isObject) ? value : value.filter(isObject);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The first extension with the URL. */
export function extensionOf(holder: JsonObject, url: string): JsonObject | undefined {
  return objectsOf(holder['extension']).find((extension) => extension['url'] === url);
}

/** The first `value[x]` of an answer or an extension, with its JSON name. */
export function givenValue(
  holder: JsonObject,
): { readonly name: string; readonly value: unknown } | undefined {
  for (const name in holder) {
    if (name.startsWith('value') && holder[name] !== null && holder[name] !== undefined) {
      return { name, value: holder[name] };
    }
  }
  return undefined;
}
