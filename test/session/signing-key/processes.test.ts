import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDatabaseProxy } from '../../support/database-proxy.js';
import { createDeployment, type Deployment, newRefreshTokenSecret } from '../../support/gateway-pair.js';
import type { GatewayProcess } from '../../support/gateway-process.js';
import type { GraphqlClient } from '../../support/graphql-client.js';
import { runMain } from '../../support/main-run.js';
import { refusedWithinBound } from '../../support/refused-within-bound.js';
import { ageKeys, kidOf, publishedKids, storedKeys } from '../../support/signing-keys-of.js';
import { waitUntil } from '../../support/wait-until.js';

const LEAD = 600;
const OVERLAP = 3_665;
const settings = {
  SIGNING_KEYS_FILE: '',
  KEY_ENCRYPTION_KEYS: newRefreshTokenSecret(),
  REFRESH_TOKEN_SECRETS: newRefreshTokenSecret(),
};

let deployment: Deployment;
let first: GatewayProcess;
/** Its direct connection, on which it would LISTEN, is broken. */
let deaf: GatewayProcess;
beforeAll(async () => {
  deployment = await createDeployment();
  first = await deployment.start(settings);
  const proxy = await startDatabaseProxy(deployment.database.url);
  deaf = await deployment.start({ ...settings, DATABASE_DIRECT_URL: proxy.url });
  await proxy.close();
});
afterAll(() => deployment.close());

const gatehouse = async (...args: string[]) => {
  const run = await runMain([...args, '--json'], { ...settings, DATABASE_URL: deployment.database.url });
  if (run.code !== 0) throw new Error(run.stdout + run.stderr);
  return JSON.parse(run.stdout);
};
const both = () => [first, deaf];
const reason = async (client: GraphqlClient, token: string) =>
  (await client.me(token)).errors?.[0]?.extensions.reason ?? 'taken';
const until = (what: string, isSo: (one: GatewayProcess) => Promise<boolean>) =>
  waitUntil(what, async () => (await Promise.all(both().map(isSo))).every(Boolean));

describe('two processes, neither restarted', () => {
  it('J7: take the old kid in the overlap and refuse it after; a rotation by the command line reaches both', async () => {
    const ada = await first.registerSomebody();
    const old = kidOf(ada.accessToken);
    const { kid, made } = await gatehouse('keys', 'rotate');
    expect(made).toBe(true);
    await until('both publish it', async ({ url }) => (await publishedKids(url)).includes(kid));
    for (const one of both()) expect(kidOf((await one.login(ada)).accessToken)).toBe(old);
    // Asked again: one is under way.
    expect(await gatehouse('keys', 'rotate')).toMatchObject({ made: false, kid });

    await ageKeys(deployment.database, LEAD);
    await until('both sign with it', async (one) => kidOf((await one.login(ada)).accessToken) === kid);
    for (const one of both()) expect(await reason(one, ada.accessToken)).toBe('taken');
    for (const one of both()) expect(await publishedKids(one.url)).toEqual([kid, old]);

    await ageKeys(deployment.database, OVERLAP);
    await until('both refuse it', async (one) => (await reason(one, ada.accessToken)) === 'TOKEN_INVALID');
    for (const one of both()) expect(await publishedKids(one.url)).toEqual([kid]);
    const renewed = (await deaf.refresh(ada.refreshToken)).tokens?.accessToken ?? '';
    expect([kidOf(renewed), await reason(first, renewed)]).toEqual([kid, 'taken']);
  });

  it('rotate once where ten ask at once', async () => {
    const before = (await storedKeys(deployment.database)).length;
    const runs = await Promise.all(Array.from({ length: 10 }, () => gatehouse('keys', 'rotate')));
    expect(runs.filter(({ made }) => made)).toHaveLength(1);
    expect(new Set(runs.map(({ kid }) => kid)).size).toBe(1);
    expect(await storedKeys(deployment.database)).toHaveLength(before + 1);
  });

  it('refuse a revoked key within 2 s, remembered tokens too, with and without LISTEN; logins go on at once', async () => {
    const ada = await first.registerSomebody();
    const kid = kidOf(ada.accessToken);
    // Remembered by both.
    for (const one of both()) expect(await reason(one, ada.accessToken)).toBe('taken');
    const upcoming = (await storedKeys(deployment.database)).at(-1)?.kid;
    expect(await gatehouse('keys', 'revoke', kid)).toEqual({ kind: 'revoked', successorKid: upcoming });
    await Promise.all(both().map((one) => refusedWithinBound(one, ada.accessToken, 'UNAUTHENTICATED TOKEN_INVALID')));
    for (const one of both()) {
      expect(kidOf((await one.login(ada)).accessToken)).toBe(upcoming);
      expect(await publishedKids(one.url)).not.toContain(kid);
    }
    const { tokens } = await first.refresh(ada.refreshToken);
    expect(await reason(deaf, tokens?.accessToken ?? '')).toBe('taken');
    for (const { output } of both()) {
      expect(output.filter((line) => line.includes('"signing_key_revoked"') && line.includes(kid))).toHaveLength(1);
    }
    const [row] = (await storedKeys(deployment.database)).filter((key) => key.kid === kid);
    expect([row?.sealed, row?.revokedAt]).toEqual([null, expect.any(Date)]);

    // The only one that is left: a new one is made.
    const { successorKid } = await gatehouse('keys', 'revoke', String(upcoming));
    await Promise.all(
      both().map((one) => refusedWithinBound(one, tokens?.accessToken ?? '', 'UNAUTHENTICATED TOKEN_INVALID')),
    );
    for (const one of both()) expect(kidOf((await one.login(ada)).accessToken)).toBe(successorKid);
    expect(await gatehouse('keys', 'revoke', String(upcoming))).toEqual({ kind: 'already_revoked' });
    const events = `SELECT kind, cause FROM gatehouse.audit_events WHERE kind LIKE 'SIGNING%' ORDER BY id`;
    const [made, ...others] = await deployment.database.query<{ kind: string; cause: string }>(events);
    expect(made).toEqual({ kind: 'SIGNING_KEY_ROTATED', cause: 'FIRST' });
    expect(others.map(({ kind, cause }) => `${kind} ${cause}`).sort()).toEqual([
      'SIGNING_KEY_REVOKED OPERATOR',
      'SIGNING_KEY_REVOKED OPERATOR',
      'SIGNING_KEY_ROTATED OPERATOR',
      'SIGNING_KEY_ROTATED OPERATOR',
    ]);
  });

  it('go on with the active key where the upcoming one is revoked', async () => {
    const ada = await first.registerSomebody();
    const { kid } = await gatehouse('keys', 'rotate');
    expect(await gatehouse('keys', 'revoke', kid)).toEqual({ kind: 'revoked', successorKid: null });
    await ageKeys(deployment.database, LEAD + OVERLAP);
    // A look of each.
    await setTimeout(1_500);
    for (const { url } of both()) expect(await publishedKids(url)).toEqual([kidOf(ada.accessToken)]);
    for (const one of both()) {
      expect(await reason(one, ada.accessToken)).toBe('taken');
      expect(kidOf((await one.login(ada)).accessToken)).toBe(kidOf(ada.accessToken));
    }
  });
});
