import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, type Person, REGISTER } from '../support/graphql-client.js';
import { DELETE_ACCOUNT, REQUEST_CHANGE, type RecoveryGateway, startRecoveryGateway } from '../support/recovery.js';
import { INVALID_GRANT } from '../support/session-facts.js';

let gate: RecoveryGateway;
beforeAll(async () => {
  gate = await startRecoveryGateway();
});
afterAll(() => gate.close());

const remove = (person: Pick<Person, 'accessToken'>) =>
  gate.send(DELETE_ACCOUNT, {}, { accessToken: person.accessToken });

describe('deleteAccount', () => {
  it('S6: ends every session, here at once and elsewhere by the feed, and frees the address', async () => {
    const sibling = await gate.startSibling();
    const ada = await gate.registerSomebody();
    const other = await gate.login(ada);
    expect((await sibling.me(other.accessToken)).data.me.id).toBe(ada.user.id);
    expect((await remove(ada)).data).toEqual({ deleteAccount: true });
    for (const { accessToken, refreshToken } of [ada, other]) {
      expect((await gate.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
      expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
      expect((await sibling.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
    }
    const ends = await gate.database.query(
      'SELECT FROM gatehouse.auth_changes WHERE user_id = $1 AND session_id IS NOT NULL',
      [ada.user.id],
    );
    expect(ends).toHaveLength(2);
    const input = { email: ada.email, password: ada.password };
    expect((await gate.send(LOGIN, { input })).data.login.__typename).toBe('InvalidCredentials');
    const again = (await gate.send(REGISTER, { input })).data.register;
    expect(again).toMatchObject({ __typename: 'AuthPayload', user: { email: ada.email } });
    expect(again.user.id).not.toBe(ada.user.id);
    await sibling.gateway.close();
  });

  it('leaves no personal data behind, in any table', async () => {
    const headers = { 'user-agent': 'The Very Own Browser Of Hers/1.0', 'accept-language': 'de' };
    const ada = await gate.registerSomebody({ headers });
    await gate.database.query('UPDATE gatehouse.user_emails SET verified = true WHERE user_id = $1', [ada.user.id]);
    const fresh = await gate.login(ada, { headers });
    await gate.requestReset(ada.email, { headers });
    await gate.send(REQUEST_CHANGE, { email: `next-${ada.email}` }, { accessToken: fresh.accessToken, headers });
    await gate.mailbox.rest(ada.email, gate.database);
    const before = await gate.auditOf(ada.user.id);
    await gate.send(DELETE_ACCOUNT, {}, { accessToken: fresh.accessToken, headers });
    const tables = await gate.database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'gatehouse'`,
    );
    for (const { name } of tables) {
      const rows = await gate.database.query<{ text: string }>(`SELECT t::text AS text FROM gatehouse.${name} AS t`);
      const telling = rows.filter(({ text }) => text.includes(ada.email.slice(5)) || text.includes('Of Hers'));
      // A request for an address is nobody's as far as the trail can tell: only where it came from is kept.
      expect([name, name === 'audit_events' ? [] : telling]).toEqual([name, []]);
    }
    expect(
      await gate.database.query(
        `SELECT FROM gatehouse.audit_events
         WHERE user_id = $1 AND (ip_address IS NOT NULL OR user_agent IS NOT NULL)`,
        [ada.user.id],
      ),
    ).toEqual([]);
    const trail = await gate.auditOf(ada.user.id);
    expect(trail).toEqual(expect.arrayContaining([...before, 'SESSION_ENDED ACCOUNT_DELETED', 'ACCOUNT_DELETED']));
  });

  it('needs a recent sign-in', async () => {
    const ada = await gate.registerSomebody();
    gate.clock.advance(601);
    expect((await remove(ada)).errors?.[0]?.extensions).toEqual({
      code: 'FORBIDDEN',
      reason: 'STALE_AUTHENTICATION',
      maxAgeSeconds: 600,
    });
    expect((await gate.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
  });

  it('voids links that were mailed before', async () => {
    const ada = await gate.registerSomebody();
    const token = await gate.resetToken(ada.email);
    const fresh = await gate.login(ada);
    await remove(fresh);
    expect((await gate.reset(token)).data.resetPassword.__typename).toBe('LinkExpired');
  });

  it('touches nobody else', async () => {
    const [ada, grace] = [await gate.registerSomebody(), await gate.registerSomebody()];
    await remove(ada);
    expect((await gate.me(grace.accessToken)).data.me.id).toBe(grace.user.id);
    await gate.login(grace);
  });
});
