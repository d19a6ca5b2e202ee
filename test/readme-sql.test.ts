import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const [, disable = '', purge = ''] = [...readFileSync('README.md', 'utf8').matchAll(/```sql\n([\s\S]*?)```/g)].map(
  ([, statements = '']) => statements,
);

it("the README's way to disable somebody writes a row of feed and audit trail for each session, and for no other", async () => {
  const ada = await gate.registerSomebody({ email: 'ada@example.org' });
  const sessionIds = [ada.session.id, (await gate.login(ada)).session.id].sort();
  const bob = await gate.registerSomebody();
  await gate.database.query(disable);
  // Once more: what has ended is not ended again.
  await gate.database.query(disable);
  const audited = await gate.database.query<{ userId: string; sessionId: string; cause: string }>(
    `SELECT user_id AS "userId", session_id AS "sessionId", cause FROM gatehouse.audit_events
     WHERE kind = 'SESSION_ENDED' ORDER BY session_id`,
  );
  expect(audited).toEqual(sessionIds.map((sessionId) => ({ userId: ada.user.id, sessionId, cause: 'DISABLED' })));
  const fed = await gate.database.query<{ sessionId: string }>(
    `SELECT session_id AS "sessionId" FROM gatehouse.auth_changes WHERE session_id IS NOT NULL ORDER BY session_id`,
  );
  expect(fed.map(({ sessionId }) => sessionId)).toEqual(sessionIds);
  expect((await gate.me(bob.accessToken)).data.me.id).toBe(bob.user.id);
});

it("the README's way to delete old rows takes those that are past their time, and lets everything else be", async () => {
  const [old, young] = [await gate.registerSomebody(), await gate.registerSomebody()];
  await gate.database.query(
    `UPDATE gatehouse.refresh_sessions SET absolute_expires_at = now() - interval '25 hours' WHERE user_id = $1`,
    [old.user.id],
  );
  await gate.database.query(
    `UPDATE gatehouse.refresh_sessions SET absolute_expires_at = now() + interval '1 hour' WHERE user_id = $1`,
    [young.user.id],
  );
  await gate.database.query(
    `INSERT INTO gatehouse.auth_changes (id, user_id, session_id, auth_epoch, at)
     SELECT gen_random_uuid(), $1, gen_random_uuid(), NULL, now() - age FROM unnest('{2 days,23 hours}'::interval[]) AS age`,
    [old.user.id],
  );
  await gate.database.query(
    `UPDATE gatehouse.audit_events SET at = CASE user_id WHEN $1 THEN now() - interval '13 months' ELSE now() END`,
    [old.user.id],
  );
  const before = await countsOf(old.user.id);
  await gate.database.query(purge);
  expect(before).toEqual({ sessions: 1, changes: 2, events: 1 });
  expect(await countsOf(old.user.id)).toEqual({ sessions: 0, changes: 1, events: 0 });
  expect(await countsOf(young.user.id)).toEqual({ sessions: 1, changes: 0, events: 1 });
  expect((await gate.refresh(old.refreshToken)).errors?.[0]?.extensions.reason).toBe('INVALID_GRANT');
  expect((await gate.refresh(young.refreshToken)).tokens).not.toBeNull();
});

async function countsOf(userId: string) {
  const count = (table: string) => `(SELECT count(*)::int FROM gatehouse.${table} WHERE user_id = $1)`;
  const [counts] = await gate.database.query<{ sessions: number; changes: number; events: number }>(
    `SELECT ${count('refresh_sessions')} AS sessions, ${count('auth_changes')} AS changes, ${count('audit_events')} AS events`,
    [userId],
  );
  return counts;
}
