import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const [, disable = ''] = [...readFileSync('README.md', 'utf8').matchAll(/```sql\n([\s\S]*?)```/g)].map(
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
