import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CHANGE_PASSWORD,
  CONFIRM_CHANGE,
  NEW_PASSWORD,
  REQUEST_CHANGE,
  type RecoveryGateway,
  startRecoveryGateway,
  UNDO_CHANGE,
} from '../support/recovery.js';

let gate: RecoveryGateway;
beforeAll(async () => {
  gate = await startRecoveryGateway({ LOG_LEVEL: 'trace' });
});
afterAll(() => gate.close());

/** Every row of every table, as text; bytes as hexadecimal. */
async function database(): Promise<string> {
  const tables = await gate.database.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'gatehouse'`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await gate.database.query<{ text: string }>(`SELECT t::text AS text FROM gatehouse.${name} AS t`);
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join('\n');
}

describe('the token of a link', () => {
  it('L1: is nowhere but in its mail: not in the log, the database, an answer, an error', async () => {
    const ada = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.user_emails SET verified = true WHERE user_id = $1', [ada.user.id]);
    const canary = 'canary of a passphrase';
    const answers: string[] = [];
    const keep = async (sent: Promise<{ text: string }>) => answers.push((await sent).text);
    const reset = await gate.resetToken(ada.email);
    await keep(gate.reset(reset, 'zq4 vx 17'));
    await keep(gate.reset(reset, canary));
    await keep(gate.reset(reset, canary));
    const own = await gate.login({ email: ada.email, password: canary });
    const by = { accessToken: own.accessToken };
    await keep(gate.send(CHANGE_PASSWORD, { currentPassword: canary, newPassword: `${canary} again` }, by));
    await keep(gate.send(REQUEST_CHANGE, { email: `next-${ada.email}` }, by));
    const change = await gate.mailbox.takeToken(`next-${ada.email}`);
    await keep(gate.send(CONFIRM_CHANGE, { token: change, password: `${canary} wrong` }));
    await keep(gate.send(CONFIRM_CHANGE, { token: change, password: `${canary} again` }));
    const undo = await gate.mailbox.takeToken(ada.email);
    await keep(gate.send(UNDO_CHANGE, { input: { token: undo, password: canary, tokenDelivery: 'NOWHERE' } }));
    await gate.database.query('ALTER TABLE gatehouse.account_tokens RENAME TO elsewhere');
    await keep(gate.send(UNDO_CHANGE, { input: { token: undo, password: canary } }));
    await gate.database.query('ALTER TABLE gatehouse.elsewhere RENAME TO account_tokens');
    await keep(gate.send(UNDO_CHANGE, { input: { token: undo, password: canary } }));
    expect(
      answers.map(
        (text) => /"__typename":"(\w+)"/.exec(text)?.[1] ?? JSON.parse(text).errors?.[0].extensions.code ?? 'true',
      ),
    ).toEqual([
      'WeakPassword',
      'PasswordReset',
      'LinkExpired',
      'PasswordChanged',
      'true',
      'InvalidCredentials',
      'EmailChanged',
      'BAD_USER_INPUT',
      'INTERNAL_SERVER_ERROR',
      'PasswordReset',
    ]);
    const places = { answers: answers.join('\n'), log: gate.logLines.join('\n'), database: await database() };
    expect(places.log.length).toBeGreaterThan(1_000);
    for (const token of [reset, change, undo]) {
      const bytes = Buffer.from(token.slice(4), 'base64url');
      const forms = [
        token.slice(4),
        bytes.toString('hex'),
        bytes.toString('base64'),
        Buffer.from(token).toString('hex'),
      ];
      for (const [place, text] of Object.entries(places)) {
        expect([place, forms.filter((form) => text.includes(form))]).toEqual([place, []]);
      }
    }
    for (const [place, text] of Object.entries(places)) expect([place, text.includes(canary)]).toEqual([place, false]);
  });

  it('is 256 random bits, of a form that secret scanners can find', async () => {
    const tokens: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const { email } = await gate.registerSomebody();
      tokens.push(await gate.resetToken(email));
    }
    for (const token of tokens) expect(token).toMatch(/^gha_[A-Za-z0-9_-]{43}$/);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('J6: is no access token, and no refresh token', async () => {
    const ada = await gate.registerSomebody();
    const reset = await gate.resetToken(ada.email);
    gate.clock.advance(61);
    await gate.send('mutation { requestEmailVerification }', {}, ada);
    const verify = await gate.mailbox.takeToken(ada.email);
    for (const token of [reset, verify, reset.slice(4)]) {
      expect((await gate.me(token)).errors?.[0]?.extensions).toEqual({
        code: 'UNAUTHENTICATED',
        reason: 'TOKEN_INVALID',
      });
      expect((await gate.refresh(token)).errors?.[0]?.extensions.reason).toBe('INVALID_GRANT');
    }
  });

  it('L4: leaves one event for each try, with the request that it came by', async () => {
    const ada = await gate.registerSomebody();
    const token = await gate.resetToken(ada.email);
    const trailOf = async (sent: ReturnType<RecoveryGateway['reset']>) => {
      const { headers } = await sent;
      return gate.database.query(
        `SELECT kind, cause, user_id, ip_address FROM gatehouse.audit_events
         WHERE request_id = $1 AND kind <> 'SESSION_ENDED'`,
        [headers.get('x-request-id')],
      );
    };
    const nobody = '00000000-0000-0000-0000-000000000000';
    const from = { ip_address: '127.0.0.1' };
    expect(await trailOf(gate.reset('gha_nonsense'))).toEqual([
      { kind: 'LINK_REFUSED', cause: 'RESET_PASSWORD', user_id: nobody, ...from },
    ]);
    expect(await trailOf(gate.reset(token, NEW_PASSWORD))).toEqual([
      { kind: 'PASSWORD_RESET', cause: null, user_id: ada.user.id, ...from },
    ]);
    expect(await trailOf(gate.verify(token, 'x'))).toEqual([
      { kind: 'LINK_REFUSED', cause: 'VERIFY_EMAIL', user_id: nobody, ...from },
    ]);
  });
});

describe('cookie delivery', () => {
  it('puts the device token into its cookie, for pages that may have it', async () => {
    const ada = await gate.registerSomebody();
    const input = { token: await gate.resetToken(ada.email), password: NEW_PASSWORD, tokenDelivery: 'COOKIE' };
    const query = `mutation R($input: ResetPasswordInput!) { resetPassword(input: $input) {
      __typename ... on PasswordReset { deviceToken } } }`;
    const refused = await gate.send(query, { input }, { headers: { origin: 'https://evil.example' } });
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', reason: 'ORIGIN_NOT_ALLOWED' });
    const taken = await gate.send(query, { input }, { headers: { origin: 'http://localhost:3000' } });
    expect(taken.data.resetPassword).toEqual({ __typename: 'PasswordReset', deviceToken: null });
    expect(taken.headers.get('set-cookie')).toMatch(/^(__Host-)?gatehouse-device=ghd_/);
  });
});

describe('tokens of links that are none', () => {
  it('are refused without a trace once a network has sent too many; a good one goes on', async () => {
    const strict = await startRecoveryGateway({ LIMIT_REFRESH_REFUSED_NETWORK: '3/900' });
    try {
      const ada = await strict.registerSomebody();
      const good = await strict.resetToken(ada.email);
      const junk = async () => {
        const { data, errors } = await strict.reset('gha_junk', NEW_PASSWORD);
        return data?.resetPassword?.__typename ?? errors?.[0]?.extensions.code;
      };
      const codes: string[] = [];
      for (let tries = 0; tries < 5; tries += 1) codes.push(await junk());
      expect(codes).toEqual(['LinkExpired', 'LinkExpired', 'LinkExpired', 'RATE_LIMITED', 'RATE_LIMITED']);
      const [row] = await strict.database.query<{ count: number }>(
        "SELECT count(*)::integer FROM gatehouse.audit_events WHERE kind = 'LINK_REFUSED'",
      );
      expect(row?.count).toBe(3);
      expect((await strict.reset(good)).data.resetPassword.__typename).toBe('PasswordReset');
    } finally {
      await strict.close();
    }
  });
});
