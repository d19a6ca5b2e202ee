import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { GraphqlAnswer } from '../support/graphql-client.js';
import { type Network, startNetwork } from '../support/network.js';
import { auditOf, INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

/** Stands in the statement by which a refresh reads its session. */
const READING = 'late_answers_in_row AS';

let gate: TestGateway;
let network: Network;
/** Reaches the database through the network. */
let slow: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  gate = await startTestGateway();
  network = await startNetwork(() => gate.database.url);
  // Two URLs, as with a pooler: then each statement is sent as text, and can be recognised.
  slow = await gate.startSibling({ databaseUrl: network.url, databaseDirectUrl: gate.database.url });
});
afterAll(async () => {
  network.open();
  await slow.gateway.close();
  await network.close();
  await gate.close();
});

/** Sends a token to the slow process; `meanwhile` happens after it has arrived, before its session is read. */
async function heldUp(refreshToken: string, meanwhile: () => Promise<void>): Promise<GraphqlAnswer> {
  network.hold();
  const answer = slow.refresh(refreshToken);
  await waitUntil('it has arrived', () => network.holds(READING));
  await meanwhile();
  network.open();
  return answer;
}

/** The owner goes on at the other process: refreshes, and shows the access token. */
async function goOn(refreshToken: string): Promise<string> {
  gate.clock.advance(1);
  const tokens = await refreshed(gate, refreshToken);
  expect((await gate.me(tokens.accessToken)).data.me.id).toBe(tokens.user.id);
  return tokens.refreshToken;
}

it('is no reuse where two rotations overtook the token on its way to the database: it is to be asked again', async () => {
  const ada = await gate.registerSomebody();
  let current = ada.refreshToken;
  const { errors, text } = await heldUp(ada.refreshToken, async () => {
    current = await goOn(await goOn(current));
    gate.clock.advance(1);
  });
  expect(errors?.[0]?.extensions).toEqual({ code: 'SERVICE_UNAVAILABLE', retryAfter: 1 });
  expect(text).not.toContain('ghr_');
  expect(await sessionRow(gate.database, ada.session.id)).toMatchObject({ revoked_at: null, generation: 2 });
  await refreshed(gate, current);
});

it('ends the session where an overtaken token is asked again, as that of a thief is', async () => {
  const ada = await gate.registerSomebody();
  const overtaken = () =>
    heldUp(ada.refreshToken, async () => {
      await goOn(await goOn(ada.refreshToken));
      gate.clock.advance(1);
    });
  expect((await overtaken()).errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
  expect((await slow.refresh(ada.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  expect(await auditOf(gate.database, ada.session.id)).toEqual(['SESSION_ENDED REUSE']);
});

it('ends the session where a used token came after the rotations, however long it then waited', async () => {
  const ada = await gate.registerSomebody();
  await goOn(await goOn(ada.refreshToken));
  gate.clock.advance(1);
  const { errors } = await heldUp(ada.refreshToken, async () => gate.clock.advance(30));
  expect(errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  expect(await auditOf(gate.database, ada.session.id)).toEqual(['SESSION_ENDED REUSE']);
});

it('counts the grace window to the moment when the token came', async () => {
  const ada = await gate.registerSomebody();
  let current = '';
  const { data } = await heldUp(ada.refreshToken, async () => {
    current = await goOn(ada.refreshToken);
    gate.clock.advance(gate.parts.config.refreshGraceSeconds + 5);
  });
  expect(data.refreshToken.refreshToken).toBe(current);
  expect((await sessionRow(gate.database, ada.session.id)).revoked_at).toBeNull();
});
