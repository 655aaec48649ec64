export { type Database, openDatabase, type Queryable, type Row } from './database.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
export { type Migration, migrate, readMigrations } from './migrate.ts';
