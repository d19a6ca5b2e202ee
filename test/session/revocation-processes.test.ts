import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDatabaseProxy } from '../support/database-proxy.js';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { type GraphqlAnswer, LOGIN, LOGOUT } from '../support/graphql-client.js';
import { refusedWithinBound } from '../support/refused-within-bound.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

let folder: string;
let database: TestDatabase;
let settings: Record<string, string>;
let processes: GatewayProcess[] = [];
beforeAll(async () => {
  database = await createDatabaseOfOwn();
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-revocation-'));
  settings = { DATABASE_URL: database.url, GATEHOUSE_DATA_DIR: folder, BCRYPT_COST: '10' };
  const first = await startGatewayProcess(settings);
  processes = [first];
  // Its direct connection breaks for good once it has migrated.
  const proxy = await startDatabaseProxy(database.url);
  processes.push(await startGatewayProcess({ ...settings, DATABASE_DIRECT_URL: proxy.url }));
  await proxy.close();
  processes.push(await startGatewayProcess(settings));
});
afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop()));
  await database.drop();
  await rm(folder, { recursive: true });
});

/** What an operation says, where it fails: its code, and its reason or when to come again. */
function failureOf({ errors }: GraphqlAnswer): string {
  const { code, reason, retryAfter } = errors?.[0]?.extensions ?? { code: 'NONE' };
  return `${code} ${reason ?? retryAfter}`;
}

describe('several processes', () => {
  it('refuse a session that another one has ended within 2 s, with and without LISTEN', async () => {
    const [first, deaf, third] = processes as [GatewayProcess, GatewayProcess, GatewayProcess];
    const ada = await first.registerSomebody();
    for (const each of processes) expect((await each.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    await third.send(LOGOUT, { refreshToken: ada.refreshToken });
    expect((await third.me(ada.accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    await Promise.all([first, deaf].map((each) => refusedWithinBound(each, ada.accessToken)));
  });

  it('D8: are not available once their database is out of reach, and treat nobody as logged in or out', async () => {
    const proxy = await startDatabaseProxy(database.url);
    const cut = await startGatewayProcess({ ...settings, DATABASE_URL: proxy.url });
    processes.push(cut);
    const [ada, gone] = [await cut.registerSomebody(), await cut.registerSomebody()];
    await cut.send(LOGOUT, { refreshToken: gone.refreshToken });
    await proxy.close();
    const { email, password } = ada;
    const answers = await Promise.all([
      cut.me(ada.accessToken),
      cut.send('{ sessions { id } }', {}, ada),
      cut.refresh(ada.refreshToken),
      cut.send(LOGIN, { input: { email, password } }),
      cut.send(LOGOUT, { refreshToken: ada.refreshToken }),
    ]);
    expect(answers.map(failureOf)).toEqual(Array.from({ length: 5 }, () => 'SERVICE_UNAVAILABLE 2'));
    // What is known for sure stays so.
    expect(failureOf(await cut.me(gone.accessToken))).toBe('UNAUTHENTICATED SESSION_ENDED');
    expect(failureOf(await cut.me())).toBe('NONE undefined');
    await waitUntil('it is behind', async () => failureOf(await cut.me(ada.accessToken)) === 'SERVICE_UNAVAILABLE 1');
    const elsewhere = processes[0] as GatewayProcess;
    expect((await elsewhere.refresh(ada.refreshToken)).tokens?.user.id).toBe(ada.user.id);
  });
});
