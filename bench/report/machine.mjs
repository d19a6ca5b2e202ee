import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import process from 'node:process';

const versionOf = async (path) => JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8')).version;

/** What it was measured on, in Markdown. */
export async function describeMachine(stage) {
  const database = await stage.database();
  const { rows } = await database.query(
    "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, " +
      "current_setting('synchronous_commit') AS commits, current_setting('shared_buffers') AS buffers",
  );
  const [{ version, fsync, commits, buffers }] = rows;
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GB`;
  const [autocannon, betterAuth] = await Promise.all(
    ['autocannon', 'better-auth'].map((name) => versionOf(`../node_modules/${name}/package.json`)),
  );
  return `${availableParallelism()} cores (${cpus()[0].model.trim()}), ${memory}, ${process.platform} ${release()}; Node ${process.version}; PostgreSQL
${version} on the same machine (fsync ${fsync}, synchronous_commit ${commits}, shared_buffers ${buffers}); Better Auth ${betterAuth}; load by
autocannon ${autocannon} from a process of its own, on the same cores.`;
}
