// https://www.rfc-editor.org/rfc/rfc6838#section-4.2 and its parameters, https://www.rfc-editor.org/rfc/rfc2045#section-5.1
import type { CodeSystemView } from '../types.ts';
import { plainConcept } from './named-concept.ts';

const NAME = '[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}';
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,127}";
const MEDIA_TYPE = new RegExp(`^${NAME}/${NAME}(?: ?; ?${TOKEN}=(?:${TOKEN}|"[^"\\\\]{0,127}")){0,10}$`);

/** Media types by their grammar: what may be registered. */
export const MIME_TYPES: CodeSystemView = {
  url: 'urn:ietf:bcp:13',
  name: 'MimeTypes',
  complete: true,
  properties: new Map(),
  find: (code) => (MEDIA_TYPE.test(code) ? plainConcept(code, undefined) : undefined),
};
