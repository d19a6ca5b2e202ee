import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDeployment, type Deployment, newRefreshTokenSecret } from '../support/gateway-pair.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { GOOD_PASSWORD } from '../support/graphql-client.js';
import { claimsOf, INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { startTestGateway } from '../support/test-gateway.js';

const [A, B] = [newRefreshTokenSecret(), newRefreshTokenSecret()];

describe('a new secret', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await createDeployment();
  });
  afterAll(() => deployment.close());

  it('is rolled out on two processes through all stages without one refusal', async () => {
    const start = (...secrets: string[]) => deployment.start({ REFRESH_TOKEN_SECRETS: secrets.join(',') });
    let processes = await Promise.all([start(A), start(A)]);
    const person = await processes[0].registerSomebody();
    let token = person.refreshToken;
    let generation = 0;

    /** Each process refreshes what the other one gave, and is asked again for what the other one answered. */
    const useBoth = async () => {
      for (const [here, there] of [processes, processes.toReversed()] as [GatewayProcess, GatewayProcess][]) {
        const [first, again] = [await refreshed(here, token), await refreshed(there, token)];
        generation += 1;
        // The same token means the same session and generation; its text may differ while two secrets sign.
        for (const { accessToken } of [first, again]) expect(claimsOf(accessToken)).toMatchObject({ gen: generation });
        const next = await refreshed(there, first.refreshToken);
        generation += 1;
        expect(claimsOf((await refreshed(here, again.refreshToken)).accessToken).gen).toBe(generation);
        token = next.refreshToken;
      }
    };
    await useBoth();
    for (const stage of [[A, B], [B, A], [B]]) {
      for (const index of [0, 1] as const) {
        const replaced = start(...stage);
        await processes[index].stop();
        processes = index === 0 ? [await replaced, processes[1]] : [processes[0], await replaced];
        await useBoth();
      }
    }
    expect(await sessionRow(deployment.database, person.session.id)).toMatchObject({ generation, revoked_at: null });
  });
});

describe('two secrets', () => {
  it('may spell one token two ways: both are the same generation, and the same answer is given to both', async () => {
    const gate = await startTestGateway();
    const [a] = gate.parts.refreshTokenSecrets;
    const b = gate.parts.random.bytes(32);
    if (a === undefined) throw new Error('no secret');
    const [ab, ba] = [
      await gate.startSibling({ refreshTokenSecrets: [a, b] }),
      await gate.startSibling({ refreshTokenSecrets: [b, a] }),
    ];
    const { refreshToken, session } = await ab.registerSomebody({ password: GOOD_PASSWORD });
    const [one, other] = [await refreshed(ab, refreshToken), await refreshed(ba, refreshToken)];
    expect(one.refreshToken).not.toBe(other.refreshToken);
    expect(one.refreshToken.slice(0, 8)).not.toBe(other.refreshToken.slice(0, 8));
    const [next, again] = [await refreshed(ab, other.refreshToken), await refreshed(ab, one.refreshToken)];
    expect(again.refreshToken).toBe(next.refreshToken);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 2, revoked_at: null });
    // A secret that was dropped verifies nothing; the one that is left still does.
    const dropped = await gate.startSibling({ refreshTokenSecrets: [b] });
    expect((await dropped.refresh(next.refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    await refreshed(dropped, (await refreshed(ba, next.refreshToken)).refreshToken);
    await Promise.all([ab, ba, dropped].map(({ gateway }) => gateway.close()));
    await gate.close();
  });
});
