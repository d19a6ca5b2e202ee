import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGateway, type Gateway, readConfig } from '../../src/index.js';
import { createLogger } from '../../src/platform/logger.js';
import { createGraphqlClient, type GraphqlClient, LOGIN } from '../support/graphql-client.js';
import { openConnection } from '../support/lock-step.js';
import { makeTestFolder, type TestFolder } from '../support/main-run.js';
import { INVALID_GRANT } from '../support/session-facts.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';

let folder: TestFolder;
let database: TestDatabase;
let gateway: Gateway;
let client: GraphqlClient;
beforeAll(async () => {
  folder = await makeTestFolder();
  database = await createDatabaseOfOwn();
  const settings = {
    DATABASE_URL: database.url,
    GATEHOUSE_DATA_DIR: folder.path,
    PORT: '0',
    BCRYPT_COST: '10',
    LIMIT_REGISTER_NETWORK: '1000/3600',
  };
  gateway = createGateway({ config: readConfig(settings), log: createLogger('silent') });
  client = createGraphqlClient((await gateway.start()).url);
});
afterAll(async () => {
  await gateway.stop();
  await database.drop();
  await folder.remove();
});

const reasonOf = async (accessToken: string) => (await client.me(accessToken)).errors?.[0]?.extensions.reason;

describe('disableUser and enableUser', () => {
  it('S6: refuse every token at once in this process, and let the user sign in anew once enabled', async () => {
    const ada = await client.registerSomebody();
    const { email, password, user } = ada;
    expect(await gateway.disableUser({ userId: user.id })).toEqual({ kind: 'changed', endedSessions: 1 });
    expect(await reasonOf(ada.accessToken)).toBe('SESSION_ENDED');
    expect((await client.refresh(ada.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect((await client.send(LOGIN, { input: { email, password } })).data.login.__typename).toBe('InvalidCredentials');
    expect(await gateway.enableUser({ userId: user.id })).toEqual({ kind: 'changed', endedSessions: 0 });
    expect(await reasonOf(ada.accessToken)).toBe('SESSION_ENDED');
    expect((await client.refresh(ada.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect((await client.me((await client.login(ada)).accessToken)).data.me.id).toBe(user.id);
    expect(await gateway.enableUser({ userId: user.id })).toEqual({ kind: 'unchanged', endedSessions: 0 });
  });

  it('know nobody by an id that is none', async () => {
    for (const userId of [NOBODY, 'nobody', '']) {
      expect(await gateway.disableUser({ userId })).toEqual({ kind: 'unknown_user' });
      expect(await gateway.enableUser({ userId })).toEqual({ kind: 'unknown_user' });
    }
  });

  it('leave no session of a login that was on its way, whichever comes first', async () => {
    for (let round = 0; round < 20; round += 1) {
      const ada = await client.registerSomebody();
      const input = { email: ada.email, password: ada.password };
      await Promise.all([client.send(LOGIN, { input }), gateway.disableUser({ userId: ada.user.id })]);
      const live = await database.query(
        'SELECT FROM gatehouse.refresh_sessions WHERE user_id = $1 AND revoked_at IS NULL',
        [ada.user.id],
      );
      expect(live).toEqual([]);
    }
  });

  it('change once where the same is asked twice at once', async () => {
    const ada = await client.registerSomebody();
    const holder = await openConnection(database);
    await holder.query('BEGIN');
    await holder.query('SELECT FROM gatehouse.users WHERE id = $1 FOR UPDATE', [ada.user.id]);
    const asked = [1, 2].map(() => gateway.disableUser({ userId: ada.user.id }));
    await holder.query('COMMIT');
    const outcomes = await Promise.all(asked);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['changed', 'unchanged']);
    const events = await database.query(
      `SELECT FROM gatehouse.audit_events WHERE user_id = $1 AND kind = 'USER_DISABLED'`,
      [ada.user.id],
    );
    expect(events).toHaveLength(1);
    await holder.close();
  });
});
