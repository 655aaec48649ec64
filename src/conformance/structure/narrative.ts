/**
 * Narrative may hold basic formatting only: no scripts, forms, frames or event handlers.
 *
 * @see https://hl7.org/fhir/R4/narrative.html#xhtml
 */
const ELEMENTS = new Set(
  (
    'a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img ' +
    'li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var kbd bdo u'
  ).split(' '),
);
const TAG = /<\/?([^\s/>]+)([^>]*)>/g;
const HANDLER = /\son\w+\s*=/i;
const SCRIPT_ADDRESS = /(?:href|src)\s*=\s*["']?\s*(?:javascript|vbscript|data:text)/i;

/** What is wrong with the text of a `Narrative.div`; undefined when it is right. */
export function checkNarrative(div: string): string | undefined {
  if (!/^\s*<div[\s>]/.test(div)) return 'must be one <div> element';
  if (!/^\s*<div[^>]*\sxmlns=["']http:\/\/www\.w3\.org\/1999\/xhtml["']/.test(div)) {
    return 'must be in the namespace http://www.w3.org/1999/xhtml';
  }
  for (const [, name = '', attributes = ''] of div.replace(/<!--[\s\S]*?-->/g, '').matchAll(TAG)) {
    if (!ELEMENTS.has(name)) return 'holds an element that narrative may not have';
    if (HANDLER.test(attributes)) return 'holds an event handler';
    if (SCRIPT_ADDRESS.test(attributes)) return 'holds an address that runs a script';
  }
  return undefined;
}
