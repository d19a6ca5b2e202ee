import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDeployment, type Deployment, newRefreshTokenSecret } from '../support/gateway-pair.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { GOOD_PASSWORD, LOGIN, type Person } from '../support/graphql-client.js';
import { type MainRun, makeTestFolder, runMain, type TestFolder } from '../support/main-run.js';
import { refusedWithinBound } from '../support/refused-within-bound.js';
import { INVALID_GRANT } from '../support/session-facts.js';

const settings = {
  REFRESH_TOKEN_SECRETS: newRefreshTokenSecret(),
  KEY_ENCRYPTION_KEYS: newRefreshTokenSecret(),
  SIGNING_KEYS_FILE: '',
};
const NOBODY = '01890000-0000-7000-8000-000000000000';
const ENDED = 'UNAUTHENTICATED SESSION_ENDED';
const CHANGED = 'UNAUTHENTICATED TOKEN_EXPIRED';

let folder: TestFolder;
let deployment: Deployment;
let gateway: GatewayProcess;
const runs: MainRun[] = [];
beforeAll(async () => {
  folder = await makeTestFolder();
  deployment = await createDeployment();
  gateway = await deployment.start(settings);
});
afterAll(async () => {
  await deployment.close();
  await folder.remove();
});

async function gatehouse(args: string[], input?: string): Promise<MainRun> {
  const environment = { ...settings, DATABASE_URL: deployment.database.url, BCRYPT_COST: '10' };
  const run = await runMain(args, environment, { cwd: folder.path, ...(input === undefined ? {} : { input }) });
  runs.push(run);
  return run;
}
const json = async (args: string[], input?: string) => JSON.parse((await gatehouse([...args, '--json'], input)).stdout);

const loginOf = async ({ email, password }: Pick<Person, 'email' | 'password'>): Promise<string> =>
  (await gateway.send(LOGIN, { input: { email, password } })).data.login.__typename;
const eventsOf = (userId: string) =>
  deployment.database.query<{ kind: string; cause: string | null }>(
    `SELECT kind, cause FROM gatehouse.audit_events WHERE user_id = $1 AND request_id IS NULL AND kind <> 'LINK_MAILED' ORDER BY id`,
    [userId],
  );

describe('gatehouse users disable', () => {
  it('S6, R15: ends every token of the user within the bound in a process that runs, and leaves others alone', async () => {
    const [ada, bob] = [await gateway.registerSomebody(), await gateway.registerSomebody()];
    const second = await gateway.login(ada);
    expect(await json(['users', 'disable', ada.email.toUpperCase()])).toEqual({ kind: 'changed', endedSessions: 2 });
    await Promise.all([ada, second].map(({ accessToken }) => refusedWithinBound(gateway, accessToken, ENDED)));
    for (const { refreshToken } of [ada, second]) {
      expect((await gateway.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    }
    expect(await loginOf(ada)).toBe('InvalidCredentials');
    expect((await gateway.me(bob.accessToken)).data.me.id).toBe(bob.user.id);
    const ended = { kind: 'SESSION_ENDED', cause: 'DISABLED' };
    expect(await eventsOf(ada.user.id)).toEqual(
      expect.arrayContaining([{ kind: 'USER_DISABLED', cause: null }, ended, ended]),
    );
    expect(await json(['users', 'disable', ada.user.id])).toEqual({ kind: 'unchanged', endedSessions: 0 });
    expect(await eventsOf(ada.user.id)).toHaveLength(3);
  });

  it('ends what is left of somebody whose row alone said that they are disabled', async () => {
    const ada = await gateway.registerSomebody();
    await deployment.database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [ada.user.id]);
    expect(await json(['users', 'disable', ada.user.id])).toEqual({ kind: 'unchanged', endedSessions: 1 });
  });
});

describe('gatehouse users enable', () => {
  it('lets the user sign in again, and brings no session back to life, however they were disabled', async () => {
    const [ada, bob] = [await gateway.registerSomebody(), await gateway.registerSomebody()];
    await gatehouse(['users', 'disable', ada.user.id]);
    await deployment.database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [bob.user.id]);
    expect(await json(['users', 'enable', ada.email])).toEqual({ kind: 'changed', endedSessions: 0 });
    expect(await json(['users', 'enable', bob.email])).toEqual({ kind: 'changed', endedSessions: 1 });
    for (const person of [ada, bob]) {
      await refusedWithinBound(gateway, person.accessToken, ENDED);
      expect((await gateway.refresh(person.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
      expect(await loginOf(person)).toBe('AuthPayload');
      expect(await eventsOf(person.user.id)).toContainEqual({ kind: 'USER_ENABLED', cause: null });
    }
  });

  it('changes nothing for somebody who is not disabled', async () => {
    const ada = await gateway.registerSomebody();
    expect(await json(['users', 'enable', ada.user.id])).toEqual({ kind: 'unchanged', endedSessions: 0 });
    expect((await gateway.refresh(ada.refreshToken)).tokens).not.toBeNull();
    expect(await eventsOf(ada.user.id)).toEqual([]);
  });
});

describe('gatehouse users set-roles', () => {
  it('P7: reaches the next operation within the bound in a process that runs; sessions go on', async () => {
    const ada = await gateway.registerSomebody();
    const changed = { kind: 'changed', userId: ada.user.id };
    expect(await json(['users', 'set-roles', ada.email, 'ADMIN,EDITOR'])).toEqual({
      ...changed,
      roles: ['ADMIN', 'EDITOR'],
    });
    await refusedWithinBound(gateway, ada.accessToken, CHANGED);
    const { tokens } = await gateway.refresh(ada.refreshToken);
    expect(tokens?.user.roles).toEqual(['ADMIN', 'EDITOR']);
    expect(await json(['users', 'set-roles', ada.email, 'none'])).toEqual({ ...changed, roles: [] });
    await refusedWithinBound(gateway, tokens?.accessToken ?? '', CHANGED);
    expect(await json(['users', 'set-roles', ada.email, 'none'])).toMatchObject({ kind: 'unchanged' });
    expect(await eventsOf(ada.user.id)).toEqual([
      { kind: 'ROLES_CHANGED', cause: 'ADMIN EDITOR' },
      { kind: 'ROLES_CHANGED', cause: '' },
    ]);
  });

  it.each(['admin', 'ADMIN,', 'ADMIN;DROP', 'ADMIN,none', ''])(
    'refuses "%s", having changed nothing',
    async (roles) => {
      const ada = await gateway.registerSomebody();
      const { code } = await gatehouse(['users', 'set-roles', ada.email, roles]);
      expect(code).toBe(roles === '' ? 2 : 1);
      expect((await gateway.me(ada.accessToken)).data.me.roles).toEqual([]);
    },
  );
});

describe('gatehouse sessions', () => {
  it('lists live sessions, and ends one or all, within the bound in a process that runs', async () => {
    const ada = await gateway.registerSomebody();
    const [second, third] = [await gateway.login(ada), await gateway.login(ada)];
    const { sessions } = await json(['sessions', 'list', ada.email]);
    expect(sessions.map(({ id }: { id: string }) => id)).toEqual([third, second, ada].map(({ session }) => session.id));
    expect(await json(['sessions', 'revoke', ada.email, second.session.id])).toEqual({ endedSessions: 1 });
    await refusedWithinBound(gateway, second.accessToken, ENDED);
    expect((await gateway.me(third.accessToken)).data.me.id).toBe(ada.user.id);
    expect(await json(['sessions', 'revoke', ada.user.id, 'all'])).toEqual({ endedSessions: 2 });
    await Promise.all([ada, third].map(({ accessToken }) => refusedWithinBound(gateway, accessToken, ENDED)));
    expect(await gatehouse(['sessions', 'list', ada.email])).toMatchObject({ code: 0, stdout: 'No live session.\n' });
    const causes = (await eventsOf(ada.user.id)).map(({ kind, cause }) => `${kind} ${cause}`);
    expect(causes).toEqual(Array(3).fill('SESSION_ENDED ENDED_BY_OPERATOR'));
  });

  it("ends no session by another user's name", async () => {
    const [ada, bob] = [await gateway.registerSomebody(), await gateway.registerSomebody()];
    for (const session of [bob.session.id, NOBODY, 'nonsense']) {
      expect(await gatehouse(['sessions', 'revoke', ada.email, session])).toMatchObject({ code: 1, stderr: '' });
    }
    expect((await gateway.refresh(bob.refreshToken)).tokens).not.toBeNull();
  });

  it('L1: shows what a client called itself so that a terminal obeys none of it, in JSON too', async () => {
    const { email, password, user } = await gateway.registerSomebody();
    await gateway.send(LOGIN, { input: { email, password } }, { headers: { 'user-agent': 'harmless' } });
    const hostile = 'evil\u001b[2J\u0007\u009b31m\u202e\u2028end';
    await deployment.database.query('UPDATE gatehouse.refresh_sessions SET user_agent = $2 WHERE user_id = $1', [
      user.id,
      hostile,
    ]);
    const [shown, told] = [
      await gatehouse(['sessions', 'list', email]),
      await gatehouse(['sessions', 'list', email, '--json']),
    ];
    for (const { stdout } of [shown, told]) {
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(stdout).toContain('evil');
    }
    expect(JSON.parse(told.stdout).sessions[0].userAgent).toBe(hostile);
  });
});

describe('gatehouse users create', () => {
  it('makes an account with a password from standard input, which then signs in', async () => {
    const email = 'made-by-operator@example.org';
    const made = await json(['users', 'create', 'Made-By-Operator@example.org', '--password'], `${GOOD_PASSWORD}\n`);
    expect(made).toEqual({ kind: 'created', userId: expect.any(String), email });
    expect(await loginOf({ email, password: GOOD_PASSWORD })).toBe('AuthPayload');
    expect(await eventsOf(made.userId)).toEqual([{ kind: 'USER_CREATED', cause: null }]);
    expect(await json(['users', 'show', email])).toEqual({
      id: made.userId,
      email,
      emailVerified: false,
      roles: [],
      hasPassword: true,
      createdAt: expect.any(String),
      disabledAt: null,
      sessions: 1,
    });
    expect(await gatehouse(['users', 'create', email])).toMatchObject({ code: 1, stderr: '' });
  });

  it('makes one without a password, which nothing signs in to until its owner sets one', async () => {
    const email = 'without-password@example.org';
    expect(await gatehouse(['users', 'create', email])).toMatchObject({ code: 0, stderr: '' });
    for (const password of ['', GOOD_PASSWORD]) expect(await loginOf({ email, password })).toBe('InvalidCredentials');
    expect((await gatehouse(['users', 'show', email])).stdout).toMatch(/^password +none$/m);
  });

  it('holds addresses and passwords to the rules of a registration', async () => {
    const create = async (email: string, password: string) => {
      const run = await gatehouse(['users', 'create', email, '--password', '--json'], password);
      return [run.code, JSON.parse(run.stdout)];
    };
    expect(await create('short@example.org', 'short')).toEqual([
      1,
      { kind: 'weak_password', reasons: expect.arrayContaining(['TOO_SHORT']) },
    ]);
    expect(await create('nobody', GOOD_PASSWORD)).toEqual([1, { kind: 'malformed', argument: 'email' }]);
    expect(await create('nul@example.org', 'a\0 long enough passphrase')).toEqual([
      1,
      { kind: 'malformed', argument: 'password' },
    ]);
    expect((await create('long@example.org', 'x'.repeat(1_000_000)))[0]).toBe(1);
    expect(await deployment.database.query(`SELECT FROM gatehouse.user_emails WHERE email LIKE 'short@%'`)).toEqual([]);
  });
});

describe('the commands on users', () => {
  it('end with 1 where there is no such user', async () => {
    const strangers = ['nobody@example.org', 'nonsense', '%'].map((who) => ['users', 'show', who]);
    for (const command of ['users disable', 'users enable', 'sessions list']) {
      strangers.push([...command.split(' '), NOBODY]);
    }
    for (const args of strangers) {
      const stdout = `There is no user ${args.at(-1)}.\n`;
      expect(await gatehouse(args)).toMatchObject({ code: 1, stdout, stderr: '' });
    }
  });

  it('end with 2 where a word is missing or too many, or a password is not asked for', async () => {
    for (const command of [
      'users set-roles a@x.io',
      'users show',
      'sessions revoke a@x.io',
      'users show a@x.io --password',
    ]) {
      expect((await gatehouse(command.split(' '))).code).toBe(2);
    }
  });

  it('never print a secret', async () => {
    expect(runs.length).toBeGreaterThan(25);
    const printed = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    for (const secret of [GOOD_PASSWORD, ...Object.values(settings).filter(Boolean)])
      expect(printed).not.toContain(secret);
    expect(printed).not.toMatch(/ghr_|eyJ|\$2[aby]\$|bcrypt/);
  });
});
