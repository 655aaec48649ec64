import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { type Config, readConfig } from '../config.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../store/index.ts';
import { holdDirectory } from './hold-directory.ts';
import { type SandboxServer, startSandbox } from './sandbox-server.ts';
import { prepareSandbox } from './sandbox-setup.ts';
import { createLogger, type RunningGateway, runGateway } from './serve.ts';
import { listenForStop, untilStopped } from './until-stopped.ts';
import { welcome } from './welcome.ts';

export interface Stack {
  readonly gatewayUrl: string;
  readonly sandboxUrl: string;
  readonly config: Config;
  readonly logger: Logger;
  close(): Promise<void>;
}

/**
 * Starts database, gateway and sandbox.
 * @param environment the user's variables
 * @param say told what is going on, a line each
 */
export async function startStack(
  environment: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<Stack> {
  const wished = readConfig({ ...environment, SILTA_MODE: 'sandbox' });
  const directory = resolve(wished.SILTA_DATA_DIR);
  const sandboxUrl = `http://localhost:${wished.SILTA_SANDBOX_PORT}`;
  const gatewayUrl = wished.SILTA_BASE_URL;
  const release = await holdDirectory(directory);
  const running: { close(): Promise<unknown> }[] = [{ close: release }];
  const close = async () => {
    for (const part of running.toReversed()) await part.close();
  };
  try {
    const setup = await prepareSandbox({ directory, gatewayUrl, sandboxUrl });
    const settings = { ...environment, ...setup.environment };
    const config = readConfig(settings);
    const logger = createLogger(config);
    const databaseUrl = config.DATABASE_URL ?? (await startDatabase(directory, say, running));
    say('Starting the gateway …');
    const gateway: RunningGateway = await runGateway(config, databaseUrl, settings, logger);
    running.push(gateway);
    const sandbox: SandboxServer = await startSandbox({
      setup,
      gatewayUrl,
      sandboxUrl,
      logger,
      host: config.HOST,
      port: config.SILTA_SANDBOX_PORT,
    });
    running.push(sandbox);
    return { gatewayUrl, sandboxUrl, config, logger, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startDatabase(
  directory: string,
  say: (line: string) => void,
  running: { close(): Promise<unknown> }[],
): Promise<string> {
  const postgres: EmbeddedPostgres = await startEmbeddedPostgres({
    directory: join(directory, 'postgres'),
    onProgress: say,
  });
  running.push({ close: () => postgres.stop() });
  await postgres.createDatabase('silta');
  return postgres.urlOf('silta');
}

/** `silta start`: everything, until Ctrl-C. */
export async function start(): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const environment = { SILTA_LOG_LEVEL: 'warn', ...process.env };
  const stop = listenForStop();
  const stack = await startStack(environment, say);
  await welcome(stack, say).catch(async (error) => {
    await stack.close();
    throw error;
  });
  await untilStopped(stop, stack.config.SILTA_SHUTDOWN_SECONDS, stack.logger, async () => {
    say('\nStopping: finishing what is in flight …');
    await stack.close();
    say('Stopped. Your data is kept in the data directory.');
  });
}
