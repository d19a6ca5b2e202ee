import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type GatewayProcess, startGatewayProcess } from './support/gateway-process.js';
import { isProcessAlive, makeTestFolder, runMain, type TestFolder } from './support/main-run.js';

let folder: TestFolder;
const running: GatewayProcess[] = [];
beforeAll(async () => {
  folder = await makeTestFolder();
});
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.stop();
});
afterAll(() => folder.remove());

/** Starts on an embedded server, in a folder of the test's own: nobody's `.env` is read. */
async function startEmbedded(dataDir: string): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess({ GATEHOUSE_DATA_DIR: dataDir, BCRYPT_COST: '10' }, { cwd: folder.path });
  running.push(gateway);
  return gateway;
}

/** The number of the PostgreSQL that a gateway said it started. */
function serverOf(gateway: GatewayProcess): number {
  const line = gateway.output.find((text) => text.includes('embedded PostgreSQL started'));
  return (JSON.parse(line ?? '{}') as { pid: number }).pid;
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('a start without settings', () => {
  it('O4: prints where it serves and keeps its data, has no accounts, and shares the folder with no other', async () => {
    const dataDir = folder.dataDir('first');
    const gateway = await startEmbedded(dataDir);
    const said = gateway.output.join('\n');
    expect(said).toContain(`Gatehouse serves ${gateway.url}/graphql`);
    expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(said).toContain(`${gateway.url}/explorer`);
    expect(said).toContain(dataDir);
    expect(said).toMatch(/embedded PostgreSQL \(the default for development; set DATABASE_URL/);
    expect(said).not.toContain('no_statement_timeout');
    expect((await fetch(`${gateway.url}/explorer`)).status).toBe(200);

    const run = await runMain([], { GATEHOUSE_DATA_DIR: dataDir }, { cwd: folder.path });
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The data folder .* is taken by another gateway/),
    });
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
    for (const name of ['admin', 'root', 'gatehouse']) {
      const login = gateway.login({ email: `${name}@example.org`, password: name });
      await expect(login).rejects.toThrow('InvalidCredentials');
    }
  });

  it('L1: keeps accounts, sessions and secrets to the next start, in files of mode 0600, and prints none of them', async () => {
    const dataDir = folder.dataDir('kept');
    const first = await startEmbedded(dataDir);
    const ada = await first.registerSomebody();
    const server = serverOf(first);
    expect(isProcessAlive(server)).toBe(true);
    expect(await first.stop()).toBe(0);
    expect(isProcessAlive(server)).toBe(false);
    for (const name of ['key-encryption-key', 'refresh-token-secret']) {
      expect([name, await modeOf(join(dataDir, name))]).toEqual([name, '600']);
    }
    const second = await startEmbedded(dataDir);
    expect((await second.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    const { tokens } = await second.refresh(ada.refreshToken);
    expect(tokens?.session.id).toBe(ada.session.id);
    expect((await second.login(ada)).user.id).toBe(ada.user.id);
    await second.stop();

    // L1: nothing of it is printed.
    const said = [...first.output, ...second.output].join('\n');
    const names = ['refresh-token-secret', 'postgres-password'];
    const kept = await Promise.all(names.map((name) => readFile(join(dataDir, name), 'utf8')));
    for (const secret of [ada.password, ada.accessToken, ada.refreshToken, ...kept])
      expect(said).not.toContain(secret.trim());
  });

  it('goes on after it was killed: the server it left is ended, tokens still work', async () => {
    const dataDir = folder.dataDir('killed');
    const first = await startEmbedded(dataDir);
    const ada = await first.registerSomebody();
    const server = serverOf(first);
    await first.stop('SIGKILL');
    expect(isProcessAlive(server)).toBe(true);
    const second = await startEmbedded(dataDir);
    expect(isProcessAlive(server)).toBe(false);
    expect((await second.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    expect((await second.refresh(ada.refreshToken)).tokens?.session.id).toBe(ada.session.id);
  });

  it('says that the port is taken, ends its server, and leaves the data folder usable', async () => {
    const dataDir = folder.dataDir('port');
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const PORT = String((listener.address() as { port: number }).port);
    const run = await runMain([], { GATEHOUSE_DATA_DIR: dataDir, PORT }, { cwd: folder.path });
    listener.close();
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`^Port ${PORT} is taken`)) });
    const pid = /"pid":(\d+)/.exec(run.stdout)?.[1];
    expect(isProcessAlive(Number(pid))).toBe(false);
    expect((await (await startEmbedded(dataDir)).registerSomebody()).user.roles).toEqual([]);
  });
});
