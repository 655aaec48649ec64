/** Places of the members of a JSON text that has been read before: it is known to be valid. */
import { isNamed, type Place, type PlacedNode } from './locate-issue.ts';

/** The root of a JSON text. */
export function placeJson(text: string): PlacedNode {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return new JsonReader(text, lineStarts).read();
}

const SPACE = /[\s\ufeff]*/y;
const SCALAR = /"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,\]}]+/y;

class JsonReader {
  readonly #text: string;
  readonly #lineStarts: readonly number[];
  #at = 0;

  constructor(text: string, lineStarts: readonly number[]) {
    this.#text = text;
    this.#lineStarts = lineStarts;
  }

  read(): PlacedNode {
    this.#take(SPACE);
    return this.#value(this.#at);
  }

  /** @param start where the element is shown: its name, or itself in a list */
  #value(start: number): PlacedNode {
    this.#take(SPACE);
    const opening = this.#text[this.#at];
    if (opening === '{') return this.#object(start);
    if (opening === '[') return this.#array(start);
    this.#take(SCALAR);
    return { ...this.#place(start), children: () => [] };
  }

  #object(start: number): PlacedNode {
    const members: (readonly [name: string, node: PlacedNode])[] = [];
    this.#each('}', () => {
      const at = this.#at;
      const name = JSON.parse(this.#take(SCALAR)) as string;
      this.#take(SPACE);
      this.#at++;
      members.push([name, this.#value(at)]);
    });
    const children = (step: string) =>
      members.filter(([name]) => isNamed(name.replace(/^_/, ''), step)).map(([, node]) => node);
    return { ...this.#place(start), children };
  }

  #array(start: number): PlacedNode {
    const items: PlacedNode[] = [];
    this.#each(']', () => items.push(this.#value(this.#at)));
    // Without an index the elements of all items are meant.
    return { ...this.#place(start), items, children: (step) => items.flatMap((each) => each.children(step)) };
  }

  #each(closing: string, work: () => void): void {
    this.#at++;
    this.#take(SPACE);
    while (this.#text[this.#at] !== closing) {
      work();
      this.#take(SPACE);
      if (this.#text[this.#at] === ',') this.#at++;
      this.#take(SPACE);
    }
    this.#at++;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #place(offset: number): Place {
    let [low, high] = [0, this.#lineStarts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }
}
