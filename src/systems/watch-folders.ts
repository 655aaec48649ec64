/** Tells which folder of a directory was touched. */
import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface FolderWatch {
  /** Watches folders that are new and lets go of those that are gone; to be called after folders were touched. */
  refresh(): Promise<void>;
  close(): void;
}

/**
 * Watches every folder directly below a directory, and the directory itself for new ones. Each folder has a watch of its
 * own: Node's recursive watch follows files on Linux, and loses one that an editor saves by putting another in its place.
 * @param told.touched name of the folder something happened in; empty when that is not known
 */
export function watchFolders(
  directory: string,
  told: { readonly touched: (folder: string) => void; readonly failed: (error: Error) => void },
): FolderWatch {
  const folders = new Map<string, FSWatcher>();
  let closed = false;
  const forget = (name: string) => {
    folders.get(name)?.close();
    folders.delete(name);
  };
  const follow = (path: string, happened: (name: string | null) => void): FSWatcher =>
    watch(path, (_, name) => happened(name)).on('error', told.failed);
  const root = follow(directory, (name) => {
    // It may be another folder of the same name now.
    if (name !== null) forget(name);
    told.touched(name ?? '');
  });
  return {
    async refresh() {
      const entries = await readdir(directory, { withFileTypes: true });
      if (closed) return;
      const names = new Set(entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
      for (const name of folders.keys()) if (!names.has(name)) forget(name);
      for (const name of names) {
        if (folders.has(name)) continue;
        try {
          folders.set(
            name,
            follow(join(directory, name), () => told.touched(name)),
          );
        } catch (error) {
          // It went away between reading and watching; the directory tells of that.
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        }
      }
    },
    close() {
      closed = true;
      root.close();
      for (const name of [...folders.keys()]) forget(name);
    },
  };
}
