import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sessionRow } from '../../../../dist/test/support/session-facts.js';
import { startTestGateway, type TestGateway } from '../../../../dist/test/support/test-gateway.js';

/** A GraphQL client of somebody else's making, set up as its documentation advises, somebody signed in. */
export interface ThirdParty {
  /** Asks for one's sessions, by an operation of this name. */
  ask(operationName: string): Promise<Answer>;
  /** Names of all operations that went out, refreshes too. */
  sent(): string[];
  isSignedOut(): boolean;
  email: string;
  password: string;
  sessionId: string;
}

/** What the caller sees: ids of sessions, codes of errors. */
export interface Answer {
  ids: string[];
  codes: unknown[];
}

/** A document that asks for one's sessions. */
export function sessionsQuery(operationName: string): string {
  return `query ${operationName} { sessions { id } }`;
}

/** Longer than an access token lives, with all leeway. */
const EXPIRED_SECONDS = 1000;
const THREE = ['One', 'Two', 'Three'];
const countIn = (names: string[], name: string) => names.filter((one) => one === name).length;

/** The tests that every client has to pass; `signIn` registers somebody and signs them in. */
export function itStaysSignedIn(signIn: (gate: TestGateway) => Promise<ThirdParty>): void {
  let gate: TestGateway;
  beforeAll(async () => {
    gate = await startTestGateway();
  });
  afterAll(() => gate.close());

  it('refreshes once for three queries at once, after the access token has expired', async () => {
    const client = await signIn(gate);
    const good = { ids: expect.arrayContaining([client.sessionId]), codes: [] };
    expect(await client.ask('Before')).toEqual(good);

    gate.clock.advance(EXPIRED_SECONDS);
    expect(await Promise.all(THREE.map(client.ask))).toEqual([good, good, good]);
    expect(countIn(client.sent(), 'RefreshToken')).toBe(1);
    for (const name of THREE) expect(countIn(client.sent(), name)).toBe(2);
    expect((await sessionRow(gate.database, client.sessionId)).generation).toBe(1);

    expect(await client.ask('After')).toEqual(good);
    expect(countIn(client.sent(), 'After')).toBe(1);
    expect(client.isSignedOut()).toBe(false);
  });

  it('is signed out where the refresh is refused, tells who asks, and does not ask for ever', async () => {
    const client = await signIn(gate);
    const other = await gate.login(client);
    await gate.send('mutation { endOtherSessions }', {}, { accessToken: other.accessToken });

    const refused = { ids: [], codes: ['UNAUTHENTICATED'] };
    expect(await Promise.all(THREE.map(client.ask))).toEqual([refused, refused, refused]);
    expect(client.isSignedOut()).toBe(true);
    expect(await client.ask('After')).toEqual(refused);
    expect(countIn(client.sent(), 'RefreshToken')).toBe(1);
    for (const name of [...THREE, 'After']) expect(countIn(client.sent(), name)).toBeLessThanOrEqual(2);
  });
}
