import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, type Person, REGISTER } from '../support/graphql-client.js';
import {
  CHANGE_PASSWORD,
  CONFIRM_CHANGE,
  NEW_PASSWORD,
  REQUEST_CHANGE,
  type RecoveryGateway,
  startRecoveryGateway,
  UNDO_CHANGE,
} from '../support/recovery.js';
import { liveSessions } from '../support/session-facts.js';

const DAY = 86_400;

let gate: RecoveryGateway;
beforeAll(async () => {
  gate = await startRecoveryGateway({
    SESSION_IDLE_TTL_SECONDS: '2000000',
    SESSION_ABSOLUTE_TTL_SECONDS: '2500000',
  });
});
afterAll(() => gate.close());

let people = 0;
const newAddress = () => `moved-${++people}@example.org`;
const send = (person: { accessToken: string }, query: string, variables: Record<string, unknown>) =>
  gate.send(query, variables, { accessToken: person.accessToken });
const confirm = async (token: string, by: { accessToken?: string; password?: string } = {}) => {
  const { accessToken, password = null } = by;
  const answer = await gate.send(CONFIRM_CHANGE, { token, password }, accessToken === undefined ? {} : { accessToken });
  return answer.data.confirmEmailChange;
};
const undo = async (token: string, password = NEW_PASSWORD) =>
  (await gate.send(UNDO_CHANGE, { input: { token, password } })).data.undoEmailChange;
const loginWith = async (email: string, password: string) =>
  (await gate.send(LOGIN, { input: { email, password } })).data.login.__typename;
const registered = async (email: string) =>
  (await gate.send(REGISTER, { input: { email, password: 'another one entirely' } })).data.register.__typename;

/** Somebody whose address is verified, signed in just now. */
async function verifiedPerson(): Promise<Person> {
  const person = await gate.registerSomebody();
  await gate.database.query('UPDATE gatehouse.user_emails SET verified = true WHERE user_id = $1', [person.user.id]);
  return person;
}

async function requestChange(person: Person, email: string, password = person.password): Promise<void> {
  const fresh = await gate.login({ email: person.email, password });
  expect((await send(fresh, REQUEST_CHANGE, { email })).data).toEqual({ requestEmailChange: true });
}

/** Moves somebody; answers the link that takes it back. */
async function move(person: Person, email: string): Promise<string> {
  gate.clock.advance(61);
  await requestChange(person, email);
  const token = await gate.mailbox.takeToken(email);
  expect(await confirm(token, { password: person.password })).toEqual({ __typename: 'EmailChanged', email });
  const from = person.email;
  person.email = email;
  return gate.mailbox.takeToken(from);
}

describe('a change of address', () => {
  it('comes about by the link at the new address, and the account’s password or session', async () => {
    const [ada, eve] = [await verifiedPerson(), await gate.registerSomebody({ password: 'what Eve signs in with' })];
    const email = newAddress();
    await requestChange(ada, email);
    const token = await gate.mailbox.takeToken(email);
    expect((await confirm(token)).__typename).toBe('PasswordRequired');
    expect((await confirm(token, eve)).__typename).toBe('InvalidCredentials');
    expect((await confirm(token, { accessToken: eve.accessToken })).__typename).toBe('PasswordRequired');
    expect((await gate.me(ada.accessToken)).data.me.email).toBe(ada.email);
    expect(await confirm(token, { accessToken: ada.accessToken })).toEqual({ __typename: 'EmailChanged', email });
    expect((await gate.me(ada.accessToken)).data.me).toMatchObject({ email, emailVerified: true });
    expect((await confirm(token, { accessToken: ada.accessToken })).__typename).toBe('LinkExpired');
    expect(await loginWith(ada.email, ada.password)).toBe('InvalidCredentials');
    expect(await loginWith(email, ada.password)).toBe('AuthPayload');
    const notices = await gate.mailbox.rest(ada.email, gate.database);
    const notice = notices.find(({ subject }) => subject === 'The e-mail address of your account was changed');
    expect(notice?.text).toContain(email);
    expect(await gate.auditOf(ada.user.id)).toEqual(
      expect.arrayContaining(['EMAIL_CHANGE_REQUESTED', 'LINK_MAILED CHANGE_EMAIL', 'EMAIL_CHANGED']),
    );
  });

  it('needs a recent sign-in to be asked for', async () => {
    const ada = await verifiedPerson();
    gate.clock.advance(601);
    const fresh = await gate.refresh(ada.refreshToken);
    const { accessToken } = fresh.tokens ?? ada;
    const email = newAddress();
    expect((await gate.send(REQUEST_CHANGE, { email }, { accessToken })).errors?.[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      reason: 'STALE_AUTHENTICATION',
      maxAgeSeconds: 600,
    });
    expect(await gate.mailbox.rest(email, gate.database)).toEqual([]);
  });

  it('is answered the same for an address that is taken, to which nothing is mailed', async () => {
    const [ada, grace] = [await verifiedPerson(), await verifiedPerson()];
    await requestChange(ada, grace.email);
    await requestChange(ada, ada.email);
    const links = async (email: string) =>
      (await gate.mailbox.rest(email, gate.database)).filter(({ text }) => text.includes('#token='));
    expect(await links(grace.email)).toEqual([]);
    expect(await links(ada.email)).toEqual([]);
    expect((await send(ada, REQUEST_CHANGE, { email: 'no address' })).errors?.[0]?.extensions).toMatchObject({
      argument: ['email'],
    });
  });

  it('is refused at the end where somebody has registered with the address meanwhile', async () => {
    const ada = await verifiedPerson();
    const email = newAddress();
    await requestChange(ada, email);
    const token = await gate.mailbox.takeToken(email);
    expect(await registered(email)).toBe('AuthPayload');
    expect((await confirm(token, ada)).__typename).toBe('EmailTaken');
    expect(await loginWith(ada.email, ada.password)).toBe('AuthPayload');
    expect(await loginWith(email, 'another one entirely')).toBe('AuthPayload');
  });

  it('comes about once, of twenty at once', async () => {
    const ada = await verifiedPerson();
    const email = newAddress();
    await requestChange(ada, email);
    const token = await gate.mailbox.takeToken(email);
    const kinds = await Promise.all(Array.from({ length: 20 }, async () => (await confirm(token, ada)).__typename));
    expect(kinds.toSorted()).toEqual(['EmailChanged', ...Array.from({ length: 19 }, () => 'LinkExpired')]);
  });

  it('comes about once of two addresses that are confirmed at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const ada = await verifiedPerson();
      const emails = [newAddress(), newAddress()];
      const tokens: string[] = [];
      for (const email of emails) {
        await requestChange(ada, email);
        tokens.push(await gate.mailbox.takeToken(email));
      }
      const kinds = await Promise.all(tokens.map(async (token) => (await confirm(token, ada)).__typename));
      expect(kinds.toSorted()).toEqual(['EmailChanged', 'LinkExpired']);
      const rows = await gate.database.query('SELECT email FROM gatehouse.user_emails WHERE user_id = $1', [
        ada.user.id,
      ]);
      expect(rows).toEqual([{ email: emails[kinds.indexOf('EmailChanged')] }]);
    }
  });

  it('is not to be had by what was asked for before the password changed', async () => {
    const ada = await verifiedPerson();
    const email = newAddress();
    await requestChange(ada, email);
    const token = await gate.mailbox.takeToken(email);
    await send(ada, CHANGE_PASSWORD, { currentPassword: ada.password, newPassword: NEW_PASSWORD });
    expect((await confirm(token, { accessToken: ada.accessToken })).__typename).toBe('LinkExpired');
  });

  it('voids links for the old address', async () => {
    const ada = await verifiedPerson();
    const reset = await gate.resetToken(ada.email);
    await move(ada, newAddress());
    expect((await gate.reset(reset)).data.resetPassword.__typename).toBe('LinkExpired');
  });

  it('keeps a verified old address from everybody else for 7 days, and then no longer', async () => {
    const ada = await verifiedPerson();
    const old = ada.email;
    await move(ada, newAddress());
    gate.clock.advance(7 * DAY - 1);
    expect(await registered(old)).toBe('EmailTaken');
    gate.clock.advance(1);
    expect(await registered(old)).toBe('AuthPayload');
  });

  it('lets an unverified old address go at once, and mails it no link: it may be a stranger’s', async () => {
    const ada = await gate.registerSomebody();
    const [old, email] = [ada.email, newAddress()];
    await requestChange(ada, email);
    await confirm(await gate.mailbox.takeToken(email), { password: ada.password });
    const links = (await gate.mailbox.rest(old, gate.database)).filter(({ text }) =>
      text.includes('undo-email-change'),
    );
    expect(links).toEqual([]);
    expect(await registered(old)).toBe('AuthPayload');
  });

  it('back to the old address is open to its owner within the 7 days', async () => {
    const ada = await verifiedPerson();
    const old = ada.email;
    const back = await move(ada, newAddress());
    await move(ada, old);
    expect(await loginWith(old, ada.password)).toBe('AuthPayload');
    expect((await undo(back)).__typename).toBe('LinkExpired');
  });
});

describe('undoEmailChange', () => {
  it('restores the address by the link alone, sets the new password, and ends all sessions', async () => {
    const ada = await verifiedPerson();
    const [old, email] = [ada.email, newAddress()];
    const token = await move(ada, email);
    expect((await undo(token, 'zq4 vx 17')).reasons).toEqual(['TOO_SHORT']);
    expect(await undo(token)).toEqual({
      __typename: 'PasswordReset',
      email: old,
      deviceToken: expect.stringMatching(/^ghd_/),
    });
    expect(await liveSessions(gate.database, ada.user.id)).toBe(0);
    expect(await loginWith(old, ada.password)).toBe('InvalidCredentials');
    expect(await loginWith(email, NEW_PASSWORD)).toBe('InvalidCredentials');
    expect(await loginWith(old, NEW_PASSWORD)).toBe('AuthPayload');
    expect(await registered(email)).toBe('AuthPayload');
    expect((await undo(token)).__typename).toBe('LinkExpired');
    expect(await gate.auditOf(ada.user.id)).toEqual(
      expect.arrayContaining(['EMAIL_CHANGE_UNDONE', 'SESSION_ENDED EMAIL_CHANGE_UNDONE']),
    );
  });

  it('outlives what a thief does afterwards: a new password, and a reset at the new address', async () => {
    const ada = await verifiedPerson();
    const [old, email] = [ada.email, newAddress()];
    const token = await move(ada, email);
    await send(ada, CHANGE_PASSWORD, { currentPassword: ada.password, newPassword: 'the choice of the thief' });
    await gate.reset(await gate.resetToken(email), 'the second choice of the thief');
    expect((await undo(token)).__typename).toBe('PasswordReset');
    expect(await loginWith(old, NEW_PASSWORD)).toBe('AuthPayload');
    expect(await loginWith(email, 'the second choice of the thief')).toBe('InvalidCredentials');
  });

  it('restores the oldest address after further changes, and voids their links', async () => {
    const ada = await verifiedPerson();
    const [first, second, third] = [ada.email, newAddress(), newAddress()];
    const toFirst = await move(ada, second);
    const toSecond = await move(ada, third);
    expect((await undo(toFirst)).__typename).toBe('PasswordReset');
    expect((await undo(toSecond)).__typename).toBe('LinkExpired');
    expect(await loginWith(first, NEW_PASSWORD)).toBe('AuthPayload');
    for (const email of [second, third]) expect(await registered(email)).toBe('AuthPayload');
  });

  it('leaves the oldest link good where a later change is undone first', async () => {
    const ada = await verifiedPerson();
    const [first, second] = [ada.email, newAddress()];
    const toFirst = await move(ada, second);
    const toSecond = await move(ada, newAddress());
    expect(await undo(toSecond)).toMatchObject({ __typename: 'PasswordReset', email: second });
    expect(await undo(toFirst, 'the owner has it again')).toMatchObject({ email: first });
    expect(await loginWith(first, 'the owner has it again')).toBe('AuthPayload');
  });

  it('is not pushed out by however many changes', async () => {
    const ada = await verifiedPerson();
    const first = ada.email;
    const token = await move(ada, newAddress());
    for (let round = 0; round < 4; round += 1) await move(ada, newAddress());
    expect(await undo(token)).toMatchObject({ email: first });
  });

  it('is good for 7 days from the change', async () => {
    const ada = await verifiedPerson();
    const token = await move(ada, newAddress());
    gate.clock.advance(7 * DAY);
    expect((await undo(token)).__typename).toBe('LinkExpired');
  });
});
