import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SESSIONS, type Tokens } from '../support/graphql-client.js';
import { refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const list = async ({ accessToken }: Pick<Tokens, 'accessToken'>) => gate.send(SESSIONS, {}, { accessToken });
const idsOf = async (tokens: Pick<Tokens, 'accessToken'>) =>
  (await list(tokens)).data.sessions.map(({ id }: { id: string }) => id);

describe('the list of sessions', () => {
  it("S7: shows the viewer's own live ones, the most recently used first, and which is current", async () => {
    const stranger = await gate.registerSomebody();
    const first = await gate.registerSomebody();
    gate.clock.advance(1);
    const second = await gate.login(first, { headers: { 'user-agent': 'a phone' } });
    gate.clock.advance(1);
    const ended = await gate.login(first);
    await gate.send('mutation { logout }', {}, ended);
    expect(await idsOf(first)).toEqual([second.session.id, first.session.id]);
    gate.clock.advance(1);
    const again = await refreshed(gate, first.refreshToken);
    const { data } = await list(again);
    expect(data.sessions).toEqual([
      { ...again.session, current: true },
      { ...second.session, current: false },
    ]);
    expect(data.sessions[1]).toMatchObject({ userAgent: 'a phone', ipAddress: '127.0.0.1' });
    expect(await idsOf(stranger)).toEqual([stranger.session.id]);
  });

  it('S7: shows no token, no hash, no salt', async () => {
    const ada = await gate.registerSomebody();
    const { text } = await list(ada);
    const { salt } = await sessionRow(gate.database, ada.session.id);
    const needles = [
      ada.refreshToken,
      ada.refreshToken.slice(-43),
      ada.accessToken,
      salt.toString('hex'),
      salt.toString('base64'),
    ];
    for (const needle of needles) expect(text.includes(needle)).toBe(false);
    for (const field of ['salt', 'refreshToken', 'token', 'generation', 'userId', 'passwordHash']) {
      const { errors } = await gate.send(`{ sessions { ${field} } }`, {}, ada);
      expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
  });

  it('leaves out a session from the second on at which it expires', async () => {
    const old = await gate.registerSomebody();
    gate.clock.advance(604_799);
    const fresh = await gate.login(old);
    expect(await idsOf(fresh)).toEqual([fresh.session.id, old.session.id]);
    gate.clock.advance(1);
    expect(await idsOf(fresh)).toEqual([fresh.session.id]);
  });
});
