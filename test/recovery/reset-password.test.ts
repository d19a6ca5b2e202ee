import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, type Person } from '../support/graphql-client.js';
import { NEW_PASSWORD, REQUEST_RESET, type RecoveryGateway, startRecoveryGateway } from '../support/recovery.js';
import { INVALID_GRANT, liveSessions } from '../support/session-facts.js';

let gate: RecoveryGateway;
beforeAll(async () => {
  gate = await startRecoveryGateway();
});
afterAll(() => gate.close());

const loginWith = async (email: string, password: string) =>
  (await gate.send(LOGIN, { input: { email, password } })).data.login.__typename;
const resultOf = async (sent: ReturnType<RecoveryGateway['reset']>) => (await sent).data.resetPassword.__typename;
const isVerified = async (email: string) =>
  (
    await gate.database.query<{ verified: boolean }>('SELECT verified FROM gatehouse.user_emails WHERE email = $1', [
      email,
    ])
  )[0]?.verified;

describe('resetPassword', () => {
  it('S4: ends every session, voids the old password, proves the address, and signs nobody in', async () => {
    const ada = await gate.registerSomebody();
    const other = await gate.login(ada);
    expect(await isVerified(ada.email)).toBe(false);
    const answer = await gate.reset(await gate.resetToken(ada.email));
    expect(answer.data.resetPassword).toEqual({
      __typename: 'PasswordReset',
      email: ada.email,
      deviceToken: expect.stringMatching(/^ghd_/),
    });
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await liveSessions(gate.database, ada.user.id)).toBe(0);
    for (const { accessToken, refreshToken } of [ada, other]) {
      expect((await gate.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
      expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    }
    expect(await loginWith(ada.email, ada.password)).toBe('InvalidCredentials');
    expect(await loginWith(ada.email, NEW_PASSWORD)).toBe('AuthPayload');
    expect(await isVerified(ada.email)).toBe(true);
    const subjects = (await gate.mailbox.rest(ada.email, gate.database)).map(({ subject }) => subject);
    expect(subjects).toContain('Your password was changed');
    expect(await gate.auditOf(ada.user.id)).toEqual(
      expect.arrayContaining(['LINK_MAILED RESET_PASSWORD', 'PASSWORD_RESET', 'SESSION_ENDED PASSWORD_RESET']),
    );
  });

  it('S5: takes a link once', async () => {
    const ada = await gate.registerSomebody();
    const token = await gate.resetToken(ada.email);
    expect(await resultOf(gate.reset(token))).toBe('PasswordReset');
    expect(await resultOf(gate.reset(token, 'a third passphrase of hers'))).toBe('LinkExpired');
    expect(await loginWith(ada.email, NEW_PASSWORD)).toBe('AuthPayload');
  });

  it('S5: takes a link until its ten minutes are over, to the second', async () => {
    const ada = await gate.registerSomebody();
    const late = await gate.resetToken(ada.email);
    gate.clock.advance(600);
    expect(await resultOf(gate.reset(late))).toBe('LinkExpired');
    const timely = await gate.resetToken(ada.email);
    gate.clock.advance(599);
    expect(await resultOf(gate.reset(timely))).toBe('PasswordReset');
  });

  it('S5: takes nothing that is no link of this purpose, and answers all of it alike', async () => {
    const ada = await gate.registerSomebody();
    gate.clock.advance(61);
    await gate.send('mutation { requestEmailVerification }', {}, ada);
    const forAnother = await gate.mailbox.takeToken(ada.email);
    const real = await gate.resetToken(ada.email);
    const wrong = [
      forAnother,
      '',
      'gha_',
      'x'.repeat(5_000),
      ada.refreshToken,
      `${real}x`,
      real.slice(0, -1),
      real.toLowerCase(),
      ` ${real}`,
    ];
    const texts = new Set<string>();
    for (const token of wrong) texts.add((await gate.reset(token)).text);
    expect([...texts].map((text) => JSON.parse(text).data.resetPassword.__typename)).toEqual(['LinkExpired']);
    const hashings = gate.gateway.hashings();
    await gate.reset(forAnother);
    expect(gate.gateway.hashings()).toBe(hashings);
    expect(await resultOf(gate.reset(real))).toBe('PasswordReset');
  });

  it('S5: changes the account of the link, whoever is signed in', async () => {
    const [ada, eve] = [await gate.registerSomebody(), await gate.registerSomebody()];
    await gate.reset(await gate.resetToken(ada.email), NEW_PASSWORD, eve);
    expect(await loginWith(eve.email, eve.password)).toBe('AuthPayload');
    expect(await loginWith(ada.email, NEW_PASSWORD)).toBe('AuthPayload');
  });

  it('S5: takes no link that was mailed to an address which the account has no more', async () => {
    const ada = await gate.registerSomebody();
    const token = await gate.resetToken(ada.email);
    await gate.database.query('UPDATE gatehouse.user_emails SET email = $2 WHERE email = $1', [
      ada.email,
      `new-${ada.email}`,
    ]);
    expect(await resultOf(gate.reset(token))).toBe('LinkExpired');
    expect(await loginWith(`new-${ada.email}`, ada.password)).toBe('AuthPayload');
  });

  it('takes no link from before the password changed', async () => {
    const ada = await gate.registerSomebody();
    const [first, second] = [await gate.resetToken(ada.email), await gate.resetToken(ada.email)];
    expect(await resultOf(gate.reset(second))).toBe('PasswordReset');
    expect(await resultOf(gate.reset(first))).toBe('LinkExpired');
  });

  it('W8: takes no weak password, with the reason, and leaves the link good', async () => {
    const ada = await gate.registerSomebody({ email: `lovelace-${Date.now()}@example.org` });
    const token = await gate.resetToken(ada.email);
    const reasonsOf = async (password: string) => (await gate.reset(token, password)).data.resetPassword.reasons;
    expect(await reasonsOf('zq4 vx 17')).toEqual(['TOO_SHORT']);
    expect(await reasonsOf(`I am ${ada.email.split('@')[0]} indeed`)).toEqual(['CONTAINS_EMAIL']);
    expect((await gate.reset(token, 'a passphrase\u0000 with a NUL')).errors?.[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      argument: ['input', 'password'],
    });
    expect(await resultOf(gate.reset(token))).toBe('PasswordReset');
  });

  it('does not enable a disabled user', async () => {
    const ada = await gate.registerSomebody();
    const token = await gate.resetToken(ada.email);
    await gate.database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [ada.user.id]);
    await gate.reset(token);
    expect(await loginWith(ada.email, NEW_PASSWORD)).toBe('InvalidCredentials');
  });
});

describe('requestPasswordReset', () => {
  const statements = async (email: string) => {
    const before = await gate.database.query('SELECT FROM gatehouse.mail_outbox');
    const { status, text, headers } = await gate.requestReset(email);
    const rows = await gate.database.query<{ kind: string; address: string; user_id: null }>(
      'SELECT kind, address, user_id FROM gatehouse.mail_outbox ORDER BY created_at, id',
    );
    const trail = await gate.database.query<{ kind: string }>(
      'SELECT kind, user_id FROM gatehouse.audit_events WHERE request_id = $1',
      [headers.get('x-request-id')],
    );
    return { status, text, trail, added: rows.length - before.length, userId: rows.at(-1)?.user_id };
  };

  it('E5: answers and writes the same for an address that is known, unknown, disabled or without a password', async () => {
    const known = await gate.registerSomebody();
    const [disabled, without] = [await gate.registerSomebody(), await gate.registerSomebody()];
    await gate.database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    await gate.database.query('UPDATE gatehouse.users SET password_hash = NULL WHERE id = $1', [without.user.id]);
    const expected = await statements('nobody-has-this@example.org');
    expect(expected).toEqual({
      status: 200,
      text: '{"data":{"requestPasswordReset":true}}\n',
      trail: [{ kind: 'PASSWORD_RESET_REQUESTED', user_id: '00000000-0000-0000-0000-000000000000' }],
      added: 1,
      userId: null,
    });
    for (const { email } of [known, disabled, without]) expect(await statements(email)).toEqual(expected);
    expect(await gate.mailbox.rest('nobody-has-this@example.org', gate.database)).toEqual([]);
    expect(await gate.mailbox.rest(disabled.email, gate.database)).toEqual([]);
    expect(await gate.mailbox.rest(known.email, gate.database)).toHaveLength(1);
    expect(await gate.mailbox.rest(without.email, gate.database)).toHaveLength(1);
  });

  it('I4: mails to the stored address alone, and nothing for one that only looks like it', async () => {
    const ada = await gate.registerSomebody({ email: `Grace-${Date.now()}@Example.org` });
    const stored = ada.email.toLowerCase();
    for (const like of [
      stored.replace('g', 'ğ'),
      stored.replace('grace', 'gràce'),
      stored.replace('@', '＠'),
      `${stored},eve@example.com`,
      `${stored}\r\nBcc: eve@example.com`,
    ]) {
      expect([like, (await gate.requestReset(like)).errors?.[0]?.extensions]).toEqual([
        like,
        { code: 'BAD_USER_INPUT', argument: ['email'] },
      ]);
    }
    const domain = stored.replace('example.org', 'exämple.org');
    await gate.requestReset(domain);
    expect((await gate.requestReset(` ${stored.toUpperCase()} `)).data).toEqual({ requestPasswordReset: true });
    expect((await gate.mailbox.take(stored)).to).toBe(stored);
    await gate.mailbox.rest(stored, gate.database);
    expect(gate.mailbox.mails.filter(({ to }) => to.includes('mple') && !to.endsWith('@example.org'))).toEqual([]);
  });

  it('sends nothing for a repeat within a minute, and keeps the first link good', async () => {
    const ada = await gate.registerSomebody();
    const token = await gate.resetToken(ada.email);
    await gate.requestReset(ada.email);
    gate.clock.advance(59);
    await gate.requestReset(ada.email);
    expect(await gate.mailbox.rest(ada.email, gate.database)).toEqual([]);
    gate.clock.advance(1);
    await gate.requestReset(ada.email);
    await gate.mailbox.take(ada.email);
    expect(await resultOf(gate.reset(token))).toBe('PasswordReset');
  });

  it('leaves three links good: the oldest goes for a fourth', async () => {
    const ada = await gate.registerSomebody();
    const tokens: string[] = [];
    for (let round = 0; round < 4; round += 1) tokens.push(await gate.resetToken(ada.email));
    expect(await resultOf(gate.reset(tokens[0] ?? ''))).toBe('LinkExpired');
    expect(await resultOf(gate.reset(tokens[1] ?? ''))).toBe('PasswordReset');
  });

  it('H6: builds the link from PUBLIC_URL, whatever the request says of hosts', async () => {
    const ada = await gate.registerSomebody();
    gate.clock.advance(61);
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    };
    await gate.send(REQUEST_RESET, { email: ada.email }, { headers });
    const { text, html } = await gate.mailbox.take(ada.email);
    expect(text).toContain(`${gate.parts.config.publicUrl}/account/reset-password#token=gha_`);
    expect(text + html).not.toContain('evil.example');
  });

  it('counts by address and by network, the same for everybody', async () => {
    const strict = await startRecoveryGateway({ LIMIT_MAIL_ADDRESS: '2/3600' });
    const ada: Person = await strict.registerSomebody();
    for (const email of [ada.email, 'unknown-one@example.org']) {
      const codes: unknown[] = [];
      for (let round = 0; round < 3; round += 1) {
        const { data, errors } = await strict.requestReset(email);
        codes.push(data?.requestPasswordReset ?? errors?.[0]?.extensions.code);
      }
      expect([email, codes]).toEqual([email, [true, true, 'RATE_LIMITED']]);
    }
    await strict.close();
  });
});
