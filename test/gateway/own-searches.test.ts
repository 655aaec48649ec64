import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { planOwnSearches } from '../../src/content.ts';
import { type Definitions, loadDefinitions } from '../../src/definitions/index.ts';
import { createStore, openDatabase } from '../../src/store/index.ts';

describe('search parameters that a deployment brings', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0)) await step();
  });

  const definitionsWith = async (expression: string, base: string): Promise<Definitions> => {
    const profiles = await mkdtemp(join(tmpdir(), 'own-searches-'));
    undo.push(() => rm(profiles, { recursive: true }));
    const parameter = {
      resourceType: 'SearchParameter',
      url: 'https://silta.example/fhir/SearchParameter/own',
      name: 'Own',
      status: 'active',
      description: 'Own',
      code: 'own',
      base: [base],
      type: 'token',
      expression,
    };
    await writeFile(join(profiles, 'own.json'), JSON.stringify(parameter));
    return loadDefinitions({ profiles });
  };

  const plan = (definitions: Definitions): void => {
    // Planning reads nothing: the address is never connected to.
    const database = openDatabase('postgres://localhost:9/none');
    undo.push(() => database.close());
    planOwnSearches(createStore({ database, definitions, clock: () => new Date() }), definitions);
  };

  it.each(['Task', 'DomainResource'])(
    'are refused at the start when FHIRPath is broken, of %s',
    async (base) => {
      const definitions = await definitionsWith(`${base}.where(((`, base);
      expect(() => plan(definitions)).toThrow();
    },
  );

  it('are taken when they are whole', async () => {
    const definitions = await definitionsWith("Task.where(status = 'draft').intent", 'Task');
    expect(() => plan(definitions)).not.toThrow();
  });
});
