/** Places of the elements of an XML text that has been read before: it is known to be well-formed. */
import { elementsOf, readXml, type XmlElement } from '../mapping/index.ts';
import { isNamed, type PlacedNode } from './locate-issue.ts';

/** The root of an XML text. */
export function placeXml(text: string): PlacedNode {
  return placeElement(readXml(text.replace(/^\ufeff/, ''), ''));
}

function placeElement(element: XmlElement): PlacedNode {
  const { line, column } = element.position;
  return {
    line,
    column,
    children: (step) => {
      const inner = elementsOf(element);
      // `resource` and `contained` hold the element of a resource, of which FHIRPath says nothing.
      const [only] = inner;
      const holder = only && /^[A-Z]/.test(only.name) ? elementsOf(only) : inner;
      return holder.filter(({ name }) => isNamed(name, step)).map(placeElement);
    },
  };
}
