import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

const SESSIONS = 100_000;
const REFRESHES = 50;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

interface Reads {
  scanned: number;
  looked: number;
}

/** How often tables were read whole, and how often by an index, as far as server processes have told. */
async function reads(): Promise<Reads> {
  const [row] = await gate.database.query<Reads>(
    `SELECT sum(seq_scan)::integer AS scanned, sum(idx_scan)::integer AS looked FROM pg_stat_user_tables
     WHERE schemaname = 'gatehouse' AND relname IN ('users', 'user_emails', 'refresh_sessions', 'audit_events')`,
  );
  if (row === undefined) throw new Error('no statistics');
  return row;
}

/** Until the processes of the server have told all that they counted. */
async function settledReads(): Promise<Reads> {
  let last = await reads();
  let same = 0;
  await waitUntil('the statistics stand still', async () => {
    const next = await reads();
    same = next.scanned === last.scanned && next.looked === last.looked ? same + 1 : 0;
    last = next;
    return same > 60;
  });
  return last;
}

/** Sessions of so many others, and their users. */
async function fill(): Promise<void> {
  await gate.database.query(
    `INSERT INTO gatehouse.users (id, roles, auth_epoch, created_at)
     SELECT gen_random_uuid(), '{}', 0, now() FROM generate_series(1, $1::integer)`,
    [SESSIONS],
  );
  await gate.database.query(
    `INSERT INTO gatehouse.user_emails (email, user_id, verified, created_at)
     SELECT id || '@example.org', id, false, now() FROM gatehouse.users WHERE password_hash IS NULL`,
  );
  await gate.database.query(
    `INSERT INTO gatehouse.refresh_sessions (user_id, id, salt, generation, confirmed_generation,
       late_answered_generation, late_answers_in_row, token_delivery, amr, created_at, authenticated_at, rotated_at,
       last_used_at, expires_at, absolute_expires_at)
     SELECT id, gen_random_uuid(), '\\x00', 0, 0, -1, 0, 'BODY', '{pwd}', now(), now(), now(), now(),
       now() + interval '7 days', now() + interval '30 days' FROM gatehouse.users WHERE password_hash IS NULL`,
  );
  await gate.database.query('ANALYZE gatehouse.users, gatehouse.user_emails, gatehouse.refresh_sessions');
}

it('D11: among a hundred thousand sessions, signing in and refreshing read no table whole', async () => {
  const ada = await gate.registerSomebody();
  await fill();
  const before = await settledReads();
  let { refreshToken } = await gate.login(ada);
  for (let round = 0; round < REFRESHES; round += 1) {
    ({ refreshToken } = (await gate.refresh(refreshToken)).data.refreshToken);
  }
  await waitUntil('all is counted', async () => (await reads()).looked >= before.looked + REFRESHES);
  expect((await settledReads()).scanned).toBe(before.scanned);
});
