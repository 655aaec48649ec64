import { type Definitions, loadDefinitions } from '../../../src/definitions/index.ts';
import { createStore, type Database, type Store } from '../../../src/store/index.ts';

let loaded: Promise<Definitions> | undefined;

/** The definitions with the project's own profiles; read once per test file. */
export function definitionsOfTest(): Promise<Definitions> {
  loaded ??= loadDefinitions({ profiles: 'profiles' });
  return loaded;
}

/** A store on real time over a test's own database. */
export async function openTestStore(database: Database): Promise<Store> {
  return createStore({ database, definitions: await definitionsOfTest(), clock: () => new Date() });
}
