import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, type Person } from '../support/graphql-client.js';
import { CHANGE_PASSWORD, NEW_PASSWORD, type RecoveryGateway, startRecoveryGateway } from '../support/recovery.js';
import { INVALID_GRANT, refreshed } from '../support/session-facts.js';

let gate: RecoveryGateway;
beforeAll(async () => {
  gate = await startRecoveryGateway();
});
afterAll(() => gate.close());

const change = (person: Pick<Person, 'accessToken'>, currentPassword: string, newPassword = NEW_PASSWORD) =>
  gate.send(CHANGE_PASSWORD, { currentPassword, newPassword }, { accessToken: person.accessToken });
const loginWith = async ({ email }: Person, password: string) =>
  (await gate.send(LOGIN, { input: { email, password } })).data.login.__typename;

describe('changePassword', () => {
  it('S4: ends the other sessions and keeps this one, with word of it by mail', async () => {
    const ada = await gate.registerSomebody();
    const others = [await gate.login(ada), await gate.login(ada)];
    const { data, headers } = await change(ada, ada.password);
    expect(data.changePassword).toEqual({
      __typename: 'PasswordChanged',
      endedSessions: 2,
      deviceToken: expect.stringMatching(/^ghd_/),
    });
    expect(headers.get('cache-control')).toContain('no-store');
    for (const { accessToken, refreshToken } of others) {
      expect((await gate.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
      expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    }
    expect((await gate.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
    await refreshed(gate, ada.refreshToken);
    expect(await loginWith(ada, ada.password)).toBe('InvalidCredentials');
    expect(await loginWith(ada, NEW_PASSWORD)).toBe('AuthPayload');
    const subjects = (await gate.mailbox.rest(ada.email, gate.database)).map(({ subject }) => subject);
    expect(subjects).toContain('Your password was changed');
    expect(await gate.auditOf(ada.user.id)).toEqual(
      expect.arrayContaining(['PASSWORD_CHANGED', 'SESSION_ENDED PASSWORD_CHANGED']),
    );
  });

  it('refuses a wrong password, audited, and changes nothing', async () => {
    const ada = await gate.registerSomebody();
    const other = await gate.login(ada);
    const { data } = await change(ada, 'not the passphrase');
    expect(data.changePassword).toEqual({ __typename: 'InvalidCredentials', message: 'The password is wrong.' });
    expect(await gate.auditOf(ada.user.id)).toContain('PASSWORD_CHECK_FAILED PASSWORD_WRONG');
    expect((await gate.me(other.accessToken)).data.me.id).toBe(ada.user.id);
    expect(await loginWith(ada, ada.password)).toBe('AuthPayload');
  });

  it('W8: refuses a weak new password, with the reason', async () => {
    const ada = await gate.registerSomebody();
    expect((await change(ada, ada.password, 'zq4 vx 17')).data.changePassword.reasons).toEqual(['TOO_SHORT']);
    expect((await change(ada, ada.password, 'passwordpassword')).data.changePassword.reasons).toEqual(['COMMON']);
    const own = `I am ${ada.email.split('@')[0]} indeed`;
    expect((await change(ada, ada.password, own)).data.changePassword.reasons).toEqual(['CONTAINS_EMAIL']);
    expect((await change(ada, ada.password, 'a passphrase\u0000 with a NUL')).errors?.[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      argument: ['newPassword'],
    });
  });

  it('voids the links that were mailed before', async () => {
    const ada = await gate.registerSomebody();
    const token = await gate.resetToken(ada.email);
    await change(ada, ada.password);
    expect((await gate.reset(token)).data.resetPassword.__typename).toBe('LinkExpired');
  });

  it('voids device tokens from before: they make a try that of a stranger', async () => {
    const ada = await gate.registerSomebody();
    const version = async () =>
      (
        await gate.database.query<{ password_version: number }>(
          'SELECT password_version FROM gatehouse.users WHERE id = $1',
          [ada.user.id],
        )
      )[0]?.password_version;
    expect(await version()).toBe(1);
    await change(ada, ada.password);
    expect(await version()).toBe(2);
  });

  it('of two at once, changes the password for one; the other is refused', async () => {
    for (let round = 0; round < 10; round += 1) {
      const ada = await gate.registerSomebody();
      // Of two sessions, the first to change also ends the other one; of one, the password alone tells.
      const other = round % 2 === 0 ? ada : await gate.login(ada);
      const answers = await Promise.all([
        change(ada, ada.password, 'the one of the first'),
        change(other, ada.password, 'the one of the second'),
      ]);
      const kinds = answers.map(({ data }) => data.changePassword.__typename);
      expect(kinds.toSorted()).toEqual(['InvalidCredentials', 'PasswordChanged']);
      const [winner, loser] = kinds[0] === 'PasswordChanged' ? ['first', 'second'] : ['second', 'first'];
      expect(await loginWith(ada, `the one of the ${winner}`)).toBe('AuthPayload');
      expect(await loginWith(ada, `the one of the ${loser}`)).toBe('InvalidCredentials');
    }
  });

  it('counts tries by account', async () => {
    const strict = await startRecoveryGateway({ LIMIT_CODE_ACCOUNT: '2/900' });
    const ada = await strict.registerSomebody();
    const attempt = (currentPassword: string) =>
      strict.send(CHANGE_PASSWORD, { currentPassword, newPassword: NEW_PASSWORD }, { accessToken: ada.accessToken });
    for (let round = 0; round < 2; round += 1) await attempt('a guess of somebody');
    const hashings = strict.gateway.hashings();
    expect((await attempt(ada.password)).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(strict.gateway.hashings()).toBe(hashings);
    await strict.close();
  });
});
