import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SESSIONS, type Tokens } from '../support/graphql-client.js';
import { auditOf, INVALID_GRANT, liveSessions, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const END_SESSION = 'mutation EndSession($id: ID!) { endSession(id: $id) }';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const endSession = async (id: string, { accessToken }: Tokens) =>
  (await gate.send(END_SESSION, { id }, { accessToken })).text;
const ENDED = '{"data":{"endSession":true}}\n';
const NO_SUCH = '{"data":{"endSession":false}}\n';

async function expectDead({ refreshToken, accessToken }: Tokens): Promise<void> {
  expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  expect((await gate.me(accessToken)).errors?.[0]?.extensions.reason).toBe('SESSION_ENDED');
}

/** Somebody signed in on three devices. */
async function threeSessions() {
  const here = await gate.registerSomebody();
  return { here, others: [await gate.login(here), await gate.login(here)] };
}

describe('endSession', () => {
  it("ends one of the viewer's sessions and no other; the second time it is none", async () => {
    const { here, others } = await threeSessions();
    const [first, second] = others as [Tokens, Tokens];
    expect(await endSession(first.session.id, here)).toBe(ENDED);
    await expectDead(first);
    expect(await auditOf(gate.database, first.session.id)).toEqual(['SESSION_ENDED ENDED_BY_USER']);
    expect(await endSession(first.session.id.toUpperCase(), here)).toBe(NO_SUCH);
    await refreshed(gate, second.refreshToken);
  });

  it("ends the viewer's own session, and takes an id in capitals", async () => {
    const { here } = await threeSessions();
    expect(await endSession(here.session.id.toUpperCase(), here)).toBe(ENDED);
    await expectDead(here);
  });

  it("P2: answers another user's session, an unknown one and nonsense alike, and ends nothing", async () => {
    const [here, stranger] = [await gate.registerSomebody(), await gate.registerSomebody()];
    const ids = [
      stranger.session.id,
      randomUUID(),
      '',
      'nonsense',
      '0',
      `${here.session.id} `,
      `{${here.session.id}}`,
      '\0',
      '%',
    ];
    for (const id of ids) expect(await endSession(id, here)).toBe(NO_SUCH);
    await refreshed(gate, stranger.refreshToken);
    await refreshed(gate, here.refreshToken);
  });

  it('answers false for a session that has expired', async () => {
    const there = await gate.registerSomebody();
    gate.clock.advance(604_800);
    const here = await gate.login(there);
    expect(await endSession(there.session.id, here)).toBe(NO_SUCH);
  });

  it('is refused without an access token', async () => {
    const { session } = await gate.registerSomebody();
    const answers = [
      await gate.send(END_SESSION, { id: session.id }),
      await gate.send('mutation { endOtherSessions }'),
      await gate.send('mutation { logoutEverywhere }'),
      await gate.send(SESSIONS),
    ];
    for (const { errors } of answers)
      expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' });
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ revoked_at: null });
  });
});

describe('ending many', () => {
  it('endOtherSessions ends all but this one, answers how many, and none the second time', async () => {
    const { here, others } = await threeSessions();
    const stranger = await gate.registerSomebody();
    const end = async () => (await gate.send('mutation { endOtherSessions }', {}, here)).data;
    expect(await end()).toEqual({ endOtherSessions: 2 });
    expect(await end()).toEqual({ endOtherSessions: 0 });
    for (const other of others) {
      await expectDead(other);
      expect(await auditOf(gate.database, other.session.id)).toEqual(['SESSION_ENDED OTHERS_ENDED_BY_USER']);
    }
    await refreshed(gate, here.refreshToken);
    await refreshed(gate, stranger.refreshToken);
  });

  it('logoutEverywhere ends all, this one too, and answers how many lived', async () => {
    const { here, others } = await threeSessions();
    const stranger = await gate.registerSomebody();
    await gate.send('mutation { logout }', {}, others[0]);
    expect((await gate.send('mutation { logoutEverywhere }', {}, here)).data).toEqual({ logoutEverywhere: 2 });
    for (const one of [here, ...others]) await expectDead(one);
    expect(await auditOf(gate.database, here.session.id)).toEqual(['SESSION_ENDED LOGOUT_EVERYWHERE']);
    expect(await liveSessions(gate.database, here.user.id)).toBe(0);
    await refreshed(gate, stranger.refreshToken);
    expect((await gate.login(here)).session.id).not.toBe(here.session.id);
  });

  it('ten at once end each session once', async () => {
    const { here, others } = await threeSessions();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => gate.send('mutation { endOtherSessions }', {}, here)),
    );
    expect(answers.reduce((sum, { data }) => sum + data.endOtherSessions, 0)).toBe(2);
    for (const { session } of others) expect(await auditOf(gate.database, session.id)).toHaveLength(1);
  });
});
