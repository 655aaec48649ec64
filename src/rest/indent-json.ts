/**
 * Indents JSON text by two spaces without parsing it, so that numbers keep the digits they were stored with.
 * Expects valid JSON text.
 * @see https://hl7.org/fhir/R4/json.html#decimal
 */
export function indentJson(text: string): string {
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return text.replace(/"(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+|[{[]\s*[}\]]|[{}[\],:]|\s+/g, (token) => {
    if (/^[{[]\s*[}\]]$/.test(token)) return token.replace(/\s+/, '');
    switch (token) {
      case '{':
      case '[':
        depth++;
        return token + line();
      case '}':
      case ']':
        depth--;
        return line() + token;
      case ',':
        return token + line();
      case ':':
        return ': ';
      default:
        return token.trim() === '' ? '' : token;
    }
  });
}
