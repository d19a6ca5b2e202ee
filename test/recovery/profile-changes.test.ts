import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Data, GraphqlClient } from '../support/graphql-client.js';
import { CONFIRM_CHANGE, REQUEST_CHANGE, type RecoveryGateway, startRecoveryGateway } from '../support/recovery.js';
import type { TestGateway } from '../support/test-gateway.js';

const BOUND_MS = 2_000;

let gate: RecoveryGateway;
let second: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  gate = await startRecoveryGateway();
  second = await gate.startSibling();
});
afterAll(async () => {
  await second.gateway.close();
  await gate.close();
});

/** Throws where a request that was sent after the bound still shows the profile of before. */
async function showsWithinBound(client: GraphqlClient, accessToken: string, profile: Data): Promise<void> {
  const changedAt = performance.now();
  for (;;) {
    const sentAt = performance.now();
    const { me } = (await client.me(accessToken)).data;
    if (Object.entries(profile).every(([field, value]) => me[field] === value)) return;
    if (sentAt - changedAt > BOUND_MS) throw new Error(`shown after the bound: ${JSON.stringify(me)}`);
  }
}

describe('a profile that a link changes', () => {
  it('shows in every process, for sessions that go on: a verified address, and a new one', async () => {
    const ada = await gate.registerSomebody({ email: 'ada@example.org' });
    const token = await verificationToken(ada.accessToken);
    for (const client of [gate, second]) {
      expect((await client.me(ada.accessToken)).data.me).toMatchObject({ emailVerified: false });
    }
    expect((await gate.verify(token, ada.password)).data.verifyEmail.__typename).toBe('EmailVerified');
    expect((await gate.me(ada.accessToken)).data.me.emailVerified).toBe(true);
    await showsWithinBound(second, ada.accessToken, { emailVerified: true });

    const email = 'ada.new@example.org';
    await gate.send(REQUEST_CHANGE, { email }, { accessToken: ada.accessToken });
    const confirmation = await gate.mailbox.takeToken(email);
    const variables = { token: confirmation, password: ada.password };
    expect((await gate.send(CONFIRM_CHANGE, variables)).data.confirmEmailChange.__typename).toBe('EmailChanged');
    expect((await gate.me(ada.accessToken)).data.me.email).toBe(email);
    await showsWithinBound(second, ada.accessToken, { email });
  });
});

async function verificationToken(accessToken: string): Promise<string> {
  gate.clock.advance(61);
  await gate.send('mutation { requestEmailVerification }', {}, { accessToken });
  return gate.mailbox.takeToken('ada@example.org');
}
