import { migrate, openDatabase } from '../store/index.ts';
import { CommandError } from './exit.ts';

/** `silta migrate`: applies pending migrations to DATABASE_URL and names them. */
export async function migrateDatabase(): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (!url) throw new CommandError('DATABASE_URL is not set: which database?', 2);
  const database = openDatabase(url, { poolSize: 1 });
  try {
    const applied = await migrate(database);
    const lines = applied.length > 0 ? applied.map((name) => `applied ${name}`) : ['nothing to do'];
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    await database.close();
  }
}
