import { createHash } from 'node:crypto';

/** Each prepared statement costs memory in every connection. */
const MOST_PREPARED = 200;

/** Names the first distinct statements it sees, so that Postgres plans these once; others go unnamed. */
export function createStatementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined || names.size >= MOST_PREPARED) return known;
    const name = `search-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    names.set(text, name);
    return name;
  };
}
