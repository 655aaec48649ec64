import { createServer } from 'node:http';
import { type DestinationStream, type Logger, pino } from 'pino';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { loggable } from '../delivery/index.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import { SiltaError } from '../outcome.ts';
import { openDatabase } from '../store/index.ts';
import { CommandError } from './exit.ts';
import { mappingsDirectory, profilesDirectory, VERSION } from './installation.ts';
import { closeServer, listen } from './listen.ts';
import { listenForStop, untilStopped } from './until-stopped.ts';

export interface RunningGateway {
  readonly port: number;
  /** Takes no new requests, finishes what is in flight, closes the database. */
  close(): Promise<void>;
}

/**
 * JSON lines on standard error; nothing personal is ever given to it. Of an error only its kind, code and place are
 * written: a database's message and `detail` quote the row that it refused.
 */
export function createLogger(
  config: Pick<Config, 'SILTA_LOG_LEVEL'>,
  destination: DestinationStream = pino.destination(2),
): Logger {
  const err = (value: unknown) => (value instanceof Error ? loggable(value) : value);
  const options = { level: config.SILTA_LOG_LEVEL, base: { service: 'silta' }, serializers: { err } };
  return pino(options, destination);
}

/**
 * Builds a gateway over `databaseUrl` and listens.
 * @param environment variables that the connected systems' files name
 */
export async function runGateway(
  config: Config,
  databaseUrl: string,
  environment: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): Promise<RunningGateway> {
  let closing = false;
  const database = openDatabase(databaseUrl, {
    poolSize: config.DATABASE_POOL_SIZE,
    onError: (error) => {
      if (!closing) logger.error({ code: (error as NodeJS.ErrnoException).code }, 'database connection');
    },
  });
  let gateway: Gateway | undefined;
  try {
    gateway = await createGateway({
      config,
      database,
      environment,
      profilesDirectory: profilesDirectory(config),
      mappingsDirectory: mappingsDirectory(config),
      version: VERSION,
      logger,
    });
    const server = createServer({ headersTimeout: 20_000, requestTimeout: 60_000 }, gateway.app);
    const port = await listen(server, config.PORT, config.HOST);
    await gateway.start();
    const { stop } = gateway;
    return {
      port,
      async close() {
        await Promise.all([closeServer(server), stop()]);
        closing = true;
        await database.close();
      },
    };
  } catch (error) {
    await gateway?.stop();
    await database.close();
    throw asWrongFile(error);
  }
}

/** Keys of the errors that reading a file of the configuration ends with, and the variable that names the file. */
const FILES: Readonly<Record<string, string>> = {
  'issuer-profile': 'SILTA_ISSUER_FILE',
  clients: 'SILTA_CLIENTS_FILE',
  mandates: 'SILTA_MANDATES_FILE',
  keys: 'SILTA_KEYS_FILE',
};

/** A file that is wrong is a wrong setting: named by its variable. */
function asWrongFile(error: unknown): unknown {
  const name = error instanceof SiltaError ? FILES[error.issues[0]?.key ?? ''] : undefined;
  return name === undefined ? error : new ConfigError([`${name}: ${(error as SiltaError).message}`]);
}

/** `silta serve`: the gateway alone, until it is asked to stop. */
export async function serve(): Promise<void> {
  const config = readConfig(process.env);
  if (!config.DATABASE_URL) {
    throw new CommandError('DATABASE_URL is not set. `silta start` brings its own database.', 2);
  }
  const logger = createLogger(config);
  const stop = listenForStop();
  const gateway = await runGateway(config, config.DATABASE_URL, process.env, logger);
  logger.info({ port: gateway.port, version: VERSION }, 'gateway ready');
  await untilStopped(stop, config.SILTA_SHUTDOWN_SECONDS, logger, () => gateway.close());
}
