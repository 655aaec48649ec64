import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/cli/serve.ts';
import { SiltaError } from '../../src/outcome.ts';

/** As the database says it, with the row that it refused. */
const refused = Object.assign(new Error('duplicate key value (010190-999W)'), {
  name: 'error',
  code: '23505',
  detail: 'Key (content)=({"family":"Virtanen"}) already exists.',
});

describe('an error that a room gives to the log', () => {
  it.each<[string, Error]>([
    ['a database', refused],
    [
      'the gateway, with that of a database as its cause',
      new SiltaError('internal', 'It failed.', { cause: refused }),
    ],
    ['a parser', new SyntaxError('Unexpected token V in JSON: Virtanen 010190-999W')],
  ])('is written without what was refused: one of %s', (_whose, error) => {
    const lines: string[] = [];
    const logger = createLogger({ SILTA_LOG_LEVEL: 'trace' }, { write: (line) => lines.push(line) });
    logger.error({ err: error }, 'a page failed');
    const [line = ''] = lines;
    expect(JSON.parse(line)).toMatchObject({ level: 50, service: 'silta', err: { name: error.name } });
    expect(line).not.toMatch(/Virtanen|010190-999W/);
  });

  it('keeps what is no error as it is', () => {
    const lines: string[] = [];
    const logger = createLogger({ SILTA_LOG_LEVEL: 'info' }, { write: (line) => lines.push(line) });
    logger.error({ err: ['OAuth2Error', 'fetch ECONNREFUSED'] }, 'a sign-in failed');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: ['OAuth2Error', 'fetch ECONNREFUSED'] });
  });
});
