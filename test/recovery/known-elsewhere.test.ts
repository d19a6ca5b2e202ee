import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GraphqlClient } from '../support/graphql-client.js';
import { CONFIRM_CHANGE, REQUEST_CHANGE, type RecoveryGateway, startRecoveryGateway } from '../support/recovery.js';
import type { TestGateway } from '../support/test-gateway.js';

const BOUND_MS = 2_000;

let gate: RecoveryGateway;
let elsewhere: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  gate = await startRecoveryGateway();
  elsewhere = await gate.startSibling();
});
afterAll(async () => {
  await elsewhere.gateway.close();
  await gate.close();
});

const profileOf = async (client: GraphqlClient, accessToken: string) => {
  const { email, emailVerified } = (await client.me(accessToken)).data.me;
  return { email, emailVerified };
};

/** Throws where a request that was sent after the bound is still answered by what was there before. */
async function showsWithinBound(accessToken: string, email: string): Promise<void> {
  const changedAt = performance.now();
  for (;;) {
    const sentAt = performance.now();
    const shown = await profileOf(elsewhere, accessToken);
    if (shown.email === email && shown.emailVerified) return;
    if (sentAt - changedAt > BOUND_MS) throw new Error(`shown after the bound: ${JSON.stringify(shown)}`);
  }
}

describe('a gateway that knows a profile', () => {
  it('shows what another one was told by a link within 2 s, and that one at once; the token goes on', async () => {
    const [ada, bob] = [await gate.registerSomebody(), await gate.registerSomebody()];
    const before = { email: ada.email, emailVerified: false };
    for (const client of [gate, elsewhere]) expect(await profileOf(client, ada.accessToken)).toEqual(before);
    for (const client of [gate, elsewhere]) await profileOf(client, bob.accessToken);

    const email = 'ada-moved@example.org';
    const { accessToken } = ada;
    expect((await gate.send(REQUEST_CHANGE, { email }, { accessToken })).data).toEqual({ requestEmailChange: true });
    const token = await gate.mailbox.takeToken(email);
    await gate.send(CONFIRM_CHANGE, { token, password: null }, { accessToken });
    expect(await profileOf(gate, accessToken)).toEqual({ email, emailVerified: true });
    await showsWithinBound(accessToken, email);

    await gate.reset(await gate.resetToken(bob.email));
    const again = await gate.login({ email: bob.email, password: 'quite another passphrase' });
    expect(await profileOf(gate, again.accessToken)).toEqual({ email: bob.email, emailVerified: true });
    await showsWithinBound(again.accessToken, bob.email);
  });
});
