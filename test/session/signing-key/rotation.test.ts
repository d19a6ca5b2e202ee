import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startDatabaseProxy } from '../../support/database-proxy.js';
import { forgeToken, variantOf } from '../../support/forge-token.js';
import type { GraphqlClient } from '../../support/graphql-client.js';
import { kidOf, privateKeyOf, publishedKids, storedKeys } from '../../support/signing-keys-of.js';
import { startTestGateway, type TestGateway, testConfig } from '../../support/test-gateway.js';
import { waitUntil } from '../../support/wait-until.js';

const DAY = 86_400;
/** A new key is published so long before it signs. */
const LEAD = 600;
/** The old one verifies so long after. */
const OVERLAP = 3_665;

type Sibling = Awaited<ReturnType<TestGateway['startSibling']>>;

let gate: TestGateway;
let other: Sibling;
beforeEach(async () => {
  gate = await startTestGateway({}, { signingKeys: null });
  other = await gate.startSibling();
});
afterEach(async () => {
  await other.gateway.close();
  await gate.close();
});

const both = () => [gate, other] as const;
const reason = async (client: GraphqlClient, token: string) =>
  (await client.me(token)).errors?.[0]?.extensions.reason ?? 'taken';
const publishedByBoth = async () => [await publishedKids(gate.url), await publishedKids(other.gateway.url)];
const untilPublished = (count: number) =>
  waitUntil(`${count} keys are published`, async () =>
    (await publishedByBoth()).every(({ length }) => length === count),
  );

describe('the keys of a database without one', () => {
  it('are one, active at once, where ten processes start together', async () => {
    const fresh = await startTestGateway({}, { signingKeys: null });
    await fresh.database.query('DELETE FROM gatehouse.signing_keys');
    const started = await Promise.all(Array.from({ length: 10 }, () => fresh.startSibling()));
    const keys = await storedKeys(fresh.database);
    expect(keys).toHaveLength(1);
    const ada = await started[0]?.registerSomebody();
    expect(kidOf(ada?.accessToken ?? '')).toBe(keys[0]?.kid);
    for (const one of started) expect(await reason(one, ada?.accessToken ?? '')).toBe('taken');
    const rows = await fresh.database.query(
      `SELECT cause FROM gatehouse.audit_events WHERE kind = 'SIGNING_KEY_ROTATED'`,
    );
    // That of the gateway before them, whose key is gone, and theirs.
    expect(rows).toEqual([{ cause: 'FIRST' }, { cause: 'FIRST' }]);
    await Promise.all(started.map(({ gateway }) => gateway.close()));
    await fresh.close();
  });
});

describe('the schedule', () => {
  it('J7: publishes before it signs, takes the old key in the overlap and refuses it after, with no restart', async () => {
    const [first] = await storedKeys(gate.database);
    const ada = await gate.registerSomebody();
    gate.clock.advance(30 * DAY - LEAD - 1);
    // A whole look of each, and nothing has come of it.
    const before = await gate.login(ada);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await publishedByBoth()).toEqual([[first?.kid], [first?.kid]]);

    gate.clock.advance(1);
    await untilPublished(2);
    const [, second, ...more] = await storedKeys(gate.database);
    expect(more).toEqual([]);
    const privateKey = privateKeyOf(first as never, gate.parts.keyEncryptionKeys);

    gate.clock.advance(LEAD - 1);
    const last = await gate.login(ada);
    expect([before, last].map(({ accessToken }) => kidOf(accessToken))).toEqual([first?.kid, first?.kid]);
    gate.clock.advance(1);
    for (const one of both()) expect(kidOf((await one.login(ada)).accessToken)).toBe(second?.kid);
    for (const one of both()) expect(await reason(one, last.accessToken)).toBe('taken');

    // A token that would still be good, of the old key, in each gateway's memory and then past the end of the overlap.
    gate.clock.advance(OVERLAP - 1);
    const now = gate.clock.now().getTime() / 1000;
    const late = forgeToken({ ...variantOf(last.accessToken, { claims: { iat: now, exp: now + 900 } }), privateKey });
    for (const one of both()) expect(await reason(one, late)).toBe('taken');
    expect((await publishedByBoth()).map(({ length }) => length)).toEqual([2, 2]);
    gate.clock.advance(1);
    for (const one of both()) expect(await reason(one, late)).toBe('TOKEN_INVALID');
    expect(await publishedByBoth()).toEqual([[second?.kid], [second?.kid]]);
    expect(gate.logLines.join('') + other.logLines.join('')).toContain('signing_key_rotated');
  });

  it('wipes the private part of a retired key at the next rotation', async () => {
    for (const days of [30, 30]) {
      const before = (await storedKeys(gate.database)).length;
      gate.clock.advance(days * DAY);
      await waitUntil('it has rotated', async () => (await storedKeys(gate.database)).length > before);
    }
    const [first, second, third] = await storedKeys(gate.database);
    expect([first?.sealed, typeof second?.sealed?.text, typeof third?.sealed?.text]).toEqual([
      null,
      'string',
      'string',
    ]);
  });

  it('rests where it is switched off', async () => {
    const config = testConfig({ SIGNING_KEY_ROTATION_DAYS: '0' });
    const fresh = await startTestGateway({ SIGNING_KEY_ROTATION_DAYS: '0' }, { signingKeys: null });
    fresh.clock.advance(3650 * DAY);
    const sibling = await fresh.startSibling({ config });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await storedKeys(fresh.database)).toHaveLength(1);
    await sibling.gateway.close();
    await fresh.close();
  });

  it('is caught up at a start', async () => {
    await other.gateway.close();
    await gate.gateway.close();
    gate.clock.advance(90 * DAY);
    other = await gate.startSibling();
    expect(await storedKeys(gate.database)).toHaveLength(2);
    const ada = await other.registerSomebody();
    expect(kidOf(ada.accessToken)).toBe((await storedKeys(gate.database))[0]?.kid);
  });
});

describe('a key that only other processes know', () => {
  it('is refused, asks the database for nothing, and is known a look later', async () => {
    const ada = await gate.registerSomebody();
    const unknown = forgeToken({
      ...variantOf(ada.accessToken, { header: { kid: 'nobody-knows-it' } }),
      privateKey: privateKeyOf((await storedKeys(gate.database))[0] as never, gate.parts.keyEncryptionKeys),
    });
    const proxy = await startDatabaseProxy(gate.database.url);
    // Two URLs, as with a pooler: then each statement is sent as text, and can be counted.
    const counted = await gate.startSibling({ databaseUrl: proxy.url });
    const statements = () => proxy.count('SELECT');
    const before = statements();
    const beganMs = performance.now();
    for (let round = 0; round < 200; round += 1) expect(await reason(counted, unknown)).toBe('TOKEN_INVALID');
    // A look a second, the one that is under way, and nothing for each request.
    expect(statements() - before).toBeLessThan((performance.now() - beganMs) / 100 + 20);
    await counted.gateway.close();
    await proxy.close();
  });

  it('of a clock that is ahead are taken before they sign here', async () => {
    const [first] = await storedKeys(gate.database);
    await gate.database.query(`UPDATE gatehouse.signing_keys SET activates_at = activates_at + interval '4 seconds'`);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const ada = await gate.registerSomebody();
    expect(kidOf(ada.accessToken)).toBe(first?.kid);
    for (const one of both()) expect(await reason(one, ada.accessToken)).toBe('taken');
  });
});
