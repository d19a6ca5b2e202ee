import { open, readFile, rename, rm } from 'node:fs/promises';
import { systemCallCode } from './embedded-postgres-error.js';

/** Who shall own a file or folder. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Writes a file of mode 0600 in one step: a reader sees all of it or the one before; `owner` null is this process. */
export async function writePrivateFile(file: { path: string; text: string; owner: Owner | null }): Promise<void> {
  const draft = `${file.path}.new`;
  await rm(draft, { force: true });
  // Exclusive: neither a symbolic nor a hard link laid there beforehand is ever written to or given away.
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(file.text);
    if (file.owner !== null) await handle.chown(file.owner.uid, file.owner.gid);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file.path);
}

/** A file's text without the blanks at its ends, or null where there is no such file. */
export async function readTextFile(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (systemCallCode(error) === 'ENOENT') return null;
    throw error;
  }
}
