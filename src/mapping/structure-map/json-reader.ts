import { didYouMean } from '../suggestion.ts';
import type { MapDiagnostic, Position } from '../types.ts';

type Json = Readonly<Record<string, unknown>>;

/** Reads elements of a JSON resource; what has the wrong type is reported with its path. */
export class JsonReader {
  readonly position: Position;
  readonly #json: Json;
  readonly #path: string;
  readonly #diagnostics: MapDiagnostic[];

  constructor(value: unknown, path: string, file: string, diagnostics: MapDiagnostic[]) {
    this.position = { file, line: 1, column: 1 };
    this.#path = path;
    this.#diagnostics = diagnostics;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.#json = isObject ? (value as Json) : {};
    if (!isObject) this.report('an object is wanted here');
  }

  report(message: string, suggestion: { readonly suggestion?: string } = {}): void {
    this.#diagnostics.push({
      ...this.position,
      severity: 'error',
      message: `${this.#path}: ${message}`,
      ...suggestion,
    });
  }

  entries(): readonly (readonly [string, unknown])[] {
    return Object.entries(this.#json);
  }

  text(name: string): string | undefined {
    const value = this.#json[name];
    if (value === undefined || typeof value === 'string') return value;
    this.report(`'${name}' must be a text`);
    return undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) this.report(`'${name}' is missing`);
    return value ?? '';
  }

  number(name: string): number | undefined {
    const value = this.#json[name];
    if (value === undefined || typeof value === 'number') return value;
    this.report(`'${name}' must be a number`);
    return undefined;
  }

  scalar(name: string): string | number | boolean | undefined {
    const value = this.#json[name];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? value
      : undefined;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    const found = allowed.find((each) => each === value);
    if (value !== undefined && found === undefined)
      this.report(`'${name}' must be one of ${allowed.join(', ')}`, didYouMean(value, allowed));
    return found;
  }

  texts(name: string): readonly string[] {
    return this.#items(name).filter((item): item is string => typeof item === 'string');
  }

  manyOf<T extends string>(name: string, allowed: readonly T[]): readonly T[] {
    return this.texts(name).flatMap((value) => {
      const found = allowed.find((each) => each === value);
      if (found === undefined)
        this.report(`'${name}' must be of ${allowed.join(', ')}`, didYouMean(value, allowed));
      return found === undefined ? [] : [found];
    });
  }

  /** The objects of a list; an object that is no list counts as one. */
  list(name: string): readonly JsonReader[] {
    return this.#items(name).map(
      (item, index) =>
        new JsonReader(item, `${this.#path}.${name}[${index}]`, this.position.file, this.#diagnostics),
    );
  }

  extensions(url: string): readonly JsonReader[] {
    return this.list('extension').filter((extension) => extension.text('url') === url);
  }

  extension(url: string): JsonReader | undefined {
    return this.extensions(url)[0];
  }

  #items(name: string): readonly unknown[] {
    const value = this.#json[name];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }
}
