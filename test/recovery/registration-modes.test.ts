import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD, LOGIN, REGISTER } from '../support/graphql-client.js';
import { NEW_PASSWORD, type RecoveryGateway, startRecoveryGateway } from '../support/recovery.js';
import { startTestGateway } from '../support/test-gateway.js';

const MODED_REGISTER = REGISTER.replace('__typename', '__typename ... on VerificationRequired { email }');

let gate: RecoveryGateway;
/** Where everybody is signed in at once, on a database of its own. */
let open: RecoveryGateway;
beforeAll(async () => {
  gate = await startRecoveryGateway({ REGISTRATION: 'verified' });
  open = await startRecoveryGateway();
});
afterAll(async () => {
  await gate.close();
  await open.close();
});

let people = 0;
const newAddress = () => `somebody-${++people}@example.org`;
const register = (email: string, password = GOOD_PASSWORD, client: RecoveryGateway = gate) =>
  client.send(MODED_REGISTER, { input: { email, password } });
const loginWith = async (email: string, password: string, client: RecoveryGateway = gate) =>
  (await client.send(LOGIN, { input: { email, password } })).data.login.__typename;
const verified = async (token: string, password: string | null = null) =>
  (await gate.verify(token, password)).data.verifyEmail.__typename;

/** An account that has come about by its link. */
async function newAccount(): Promise<{ email: string; password: string }> {
  const email = newAddress();
  await register(email);
  expect(await verified(await gate.mailbox.takeToken(email), GOOD_PASSWORD)).toBe('EmailVerified');
  return { email, password: GOOD_PASSWORD };
}

describe('REGISTRATION=verified', () => {
  it('makes the account by the link and the password together, and signs nobody in', async () => {
    const email = newAddress();
    const { data } = await register(email.toUpperCase());
    expect(data.register).toEqual({ __typename: 'VerificationRequired', email });
    expect(await loginWith(email, GOOD_PASSWORD)).toBe('InvalidCredentials');
    const token = await gate.mailbox.takeToken(email);
    expect(await verified(token)).toBe('PasswordRequired');
    expect(await verified(token, 'not the passphrase')).toBe('InvalidCredentials');
    expect(await loginWith(email, GOOD_PASSWORD)).toBe('InvalidCredentials');
    const answer = await gate.verify(token, GOOD_PASSWORD);
    expect(answer.data.verifyEmail).toEqual({ __typename: 'EmailVerified', email });
    const { data: login } = await gate.send(LOGIN, { input: { email, password: GOOD_PASSWORD } });
    expect(login.login.user).toMatchObject({ email, emailVerified: true, roles: [] });
    expect(await gate.auditOf(login.login.user.id)).toEqual(expect.arrayContaining(['REGISTERED', 'LOGIN_SUCCEEDED']));
    expect(await verified(token, GOOD_PASSWORD)).toBe('LinkExpired');
  });

  it('E4: answers and writes the same for an address that is known, unknown, waiting, or of a disabled user', async () => {
    const seen = async (email: string) => {
      const hashings = gate.gateway.hashings();
      const rows = await gate.database.query('SELECT FROM gatehouse.mail_outbox');
      const { status, text, headers } = await register(email);
      const { length } = await gate.database.query('SELECT FROM gatehouse.mail_outbox');
      const trail = await gate.database.query(
        'SELECT kind, cause, user_id FROM gatehouse.audit_events WHERE request_id = $1',
        [headers.get('x-request-id')],
      );
      const shown = [...headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name));
      const work = { hashings: gate.gateway.hashings() - hashings, mails: length - rows.length, trail };
      return { status, text: text.replaceAll(email, 'EMAIL'), shown, work };
    };
    const waiting = newAddress();
    const expected = await seen(waiting);
    expect(expected.work).toEqual({
      hashings: 1,
      mails: 1,
      trail: [{ kind: 'REGISTRATION_BEGUN', cause: null, user_id: '00000000-0000-0000-0000-000000000000' }],
    });
    const [known, disabled] = [await newAccount(), await newAccount()];
    await gate.database.query(
      `UPDATE gatehouse.users SET disabled_at = now()
       WHERE id = (SELECT user_id FROM gatehouse.user_emails WHERE email = $1)`,
      [disabled.email],
    );
    for (const email of [known.email, waiting, disabled.email, newAddress()]) {
      expect([email, await seen(email)]).toEqual([email, expected]);
    }
    expect((await gate.mailbox.rest(known.email, gate.database)).map(({ subject }) => subject)).toEqual([
      'Somebody tried to register with your address',
    ]);
    expect(await gate.mailbox.rest(disabled.email, gate.database)).toEqual([]);
    expect(await loginWith(known.email, known.password)).toBe('AuthPayload');
  });

  it('I8: leaves an attacker nothing where the victim proves the address by a reset', async () => {
    const victim = newAddress();
    await register(victim, 'what the attacker knows');
    const token = await gate.mailbox.takeToken(victim);
    expect(await verified(token)).toBe('PasswordRequired');
    gate.clock.advance(61);
    await gate.requestReset(victim);
    const { data } = await gate.reset(await gate.mailbox.takeToken(victim));
    expect(data.resetPassword).toMatchObject({ __typename: 'PasswordReset', email: victim });
    expect(await loginWith(victim, 'what the attacker knows')).toBe('InvalidCredentials');
    expect(await verified(token, 'what the attacker knows')).toBe('LinkExpired');
    expect(await loginWith(victim, NEW_PASSWORD)).toBe('AuthPayload');
  });

  it('I8: leaves an attacker nothing where the victim registers, too', async () => {
    const victim = newAddress();
    await register(victim, 'what the attacker knows');
    const attackersToken = await gate.mailbox.takeToken(victim);
    await register(victim, 'what the victim knows');
    const token = await gate.mailbox.takeToken(victim);
    expect(await verified(token, 'what the attacker knows')).toBe('InvalidCredentials');
    expect(await verified(token, 'what the victim knows')).toBe('EmailVerified');
    expect(await loginWith(victim, 'what the attacker knows')).toBe('InvalidCredentials');
    expect(await loginWith(victim, 'what the victim knows')).toBe('AuthPayload');
    expect(await verified(attackersToken, 'what the attacker knows')).toBe('LinkExpired');
    expect(await gate.database.query('SELECT FROM gatehouse.pending_registrations WHERE email = $1', [victim])).toEqual(
      [],
    );
  });

  it('takes a link for 24 hours', async () => {
    const email = newAddress();
    await register(email);
    const token = await gate.mailbox.takeToken(email);
    gate.clock.advance(86_399);
    expect(await verified(token)).toBe('PasswordRequired');
    gate.clock.advance(1);
    expect(await verified(token, GOOD_PASSWORD)).toBe('LinkExpired');
  });

  it('makes one account of two links of one address that come at once, and of one link x20', async () => {
    const email = newAddress();
    await register(email);
    await register(email);
    const tokens = [await gate.mailbox.takeToken(email), await gate.mailbox.takeToken(email)];
    const kinds = await Promise.all(
      Array.from({ length: 20 }, (_, index) => verified(tokens[index % 2] ?? '', GOOD_PASSWORD)),
    );
    expect(kinds.filter((kind) => kind === 'EmailVerified')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'LinkExpired')).toHaveLength(19);
    expect(await loginWith(email, GOOD_PASSWORD)).toBe('AuthPayload');
  });

  it('refuses a weak password, whoever has the address', async () => {
    const { email } = await newAccount();
    for (const address of [email, newAddress()]) {
      expect((await register(address, 'zq4 vx 17')).data.register).toMatchObject({ reasons: ['TOO_SHORT'] });
    }
  });

  it('counts passwords that are tried beside a link', async () => {
    const strict = await startRecoveryGateway({ REGISTRATION: 'verified', LIMIT_CODE_ACCOUNT: '2/900' });
    const email = newAddress();
    await register(email, GOOD_PASSWORD, strict);
    const token = await strict.mailbox.takeToken(email);
    for (let round = 0; round < 2; round += 1) await strict.verify(token, 'a guess of somebody');
    const hashings = strict.gateway.hashings();
    expect((await strict.verify(token, GOOD_PASSWORD)).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(strict.gateway.hashings()).toBe(hashings);
    strict.clock.advance(900);
    expect((await strict.verify(token, GOOD_PASSWORD)).data.verifyEmail.__typename).toBe('EmailVerified');
    await strict.close();
  });
});

describe('REGISTRATION=open', () => {
  it('signs in at once and mails a link, which the session or the password completes', async () => {
    const email = newAddress();
    const { data } = await register(email, GOOD_PASSWORD, open);
    expect(data.register).toMatchObject({ __typename: 'AuthPayload', user: { email, emailVerified: false } });
    const token = await open.mailbox.takeToken(email);
    const eve = await open.registerSomebody();
    expect((await open.verify(token)).data.verifyEmail.__typename).toBe('PasswordRequired');
    expect((await open.verify(token, null, eve)).data.verifyEmail.__typename).toBe('PasswordRequired');
    expect((await open.verify(token, eve.password.toUpperCase())).data.verifyEmail.__typename).toBe(
      'InvalidCredentials',
    );
    const { accessToken } = data.register;
    expect((await open.verify(token, null, { accessToken })).data.verifyEmail).toEqual({
      __typename: 'EmailVerified',
      email,
    });
    expect((await open.me(accessToken)).data.me.emailVerified).toBe(true);
    expect((await open.verify(token, null, { accessToken })).data.verifyEmail.__typename).toBe('LinkExpired');
  });

  it('asks a client with a bad access token to refresh, where its session is to count', async () => {
    const { email } = await register(newAddress(), GOOD_PASSWORD, open).then(({ data }) => data.register.user);
    const token = await open.mailbox.takeToken(email);
    const bad = { accessToken: 'nonsense' };
    expect((await open.verify(token, null, bad)).errors?.[0]?.extensions.reason).toBe('TOKEN_INVALID');
    expect((await open.verify(token, GOOD_PASSWORD, bad)).data.verifyEmail.__typename).toBe('EmailVerified');
  });

  it('I8: leaves an attacker nothing: neither password nor session', async () => {
    const victim = newAddress();
    const { data } = await register(victim, 'what the attacker knows', open);
    const token = await open.mailbox.takeToken(victim);
    expect((await open.verify(token)).data.verifyEmail.__typename).toBe('PasswordRequired');
    expect((await register(victim, 'what the victim knows', open)).data.register.__typename).toBe('EmailTaken');
    await open.reset(await open.resetToken(victim));
    expect(await loginWith(victim, 'what the attacker knows', open)).toBe('InvalidCredentials');
    expect((await open.me(data.register.accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    expect((await open.refresh(data.register.refreshToken)).errors?.[0]?.extensions.reason).toBe('INVALID_GRANT');
    expect((await open.verify(token, 'what the attacker knows')).data.verifyEmail.__typename).toBe('LinkExpired');
  });
});

describe('REGISTRATION=closed', () => {
  it('is FORBIDDEN to everybody, before anything is looked at', async () => {
    const closed = await startTestGateway({ REGISTRATION: 'closed' });
    for (const email of [newAddress(), 'no address']) {
      const { data, errors } = await closed.send(REGISTER, { input: { email, password: GOOD_PASSWORD } });
      expect([data, errors?.[0]?.extensions]).toEqual([null, { code: 'FORBIDDEN' }]);
    }
    expect(closed.gateway.hashings()).toBe(0);
    expect(await closed.database.query('SELECT FROM gatehouse.users')).toEqual([]);
    await closed.close();
  });
});
