// People and their sessions, written by SQL; their tokens are derived as the gateway would, from the secrets of the bench.
import pg from 'pg';
import { systemClock } from '../dist/src/platform/clock.js';
import { createIssueAccessToken } from '../dist/src/session/access-token/issue-access-token.js';
import { parseSigningKeys } from '../dist/src/session/access-token/signing-keys.js';
import { createRefreshTokenCodec } from '../dist/src/session/refresh-token.js';
import { createPasswordHasher } from '../dist/src/user/password/password-hasher.js';

const PASSWORD = 'a long enough passphrase';
const SESSIONS_PER_USER = 5;

/** Keys in the order of time, as uuidv7 makes them: an insert of so many rows then fills the indexes as time would. */
const KEY = (kind) => `(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 100000000 + n), 12, '0')
  || '7' || substr(md5(n || '${kind}'), 1, 3) || '8' || substr(md5('${kind}' || n), 1, 15))::uuid`;

const FILL_USERS = `
  WITH made AS (
    INSERT INTO gatehouse.users (id, roles, password_hash, auth_epoch, disabled_at, created_at)
    SELECT ${KEY('user')}, '{}', $1, 0, NULL, now() FROM generate_series($2::int, $3::int) AS n RETURNING id
  )
  INSERT INTO gatehouse.user_emails (email, user_id, verified, created_at)
  SELECT 'p' || id || '@example.org', id, true, now() FROM made`;

const FILL_SESSIONS = `
  INSERT INTO gatehouse.refresh_sessions (user_id, id, salt, generation, confirmed_generation, late_answered_generation,
    late_answers_in_row, token_delivery, amr, created_at, authenticated_at, rotated_at, last_used_at, expires_at,
    absolute_expires_at, user_agent, ip_address)
  SELECT u.id, gen_random_uuid(), sha256((u.id::text || s)::bytea), 0, 0, -1, 0, 'BODY', '{pwd}', now(), now(), now(), now(),
    now() + interval '7 days', now() + interval '30 days',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '192.0.2.1'
  FROM gatehouse.users AS u, generate_series(1, ${SESSIONS_PER_USER}) AS s ORDER BY s, u.id`;

const SESSIONS = `
  SELECT s.user_id, s.id, s.salt, s.generation, s.amr, s.authenticated_at, s.expires_at, u.auth_epoch, u.roles, e.email
  FROM gatehouse.refresh_sessions AS s JOIN gatehouse.users AS u ON u.id = s.user_id
  JOIN gatehouse.user_emails AS e ON e.user_id = u.id WHERE s.revoked_at IS NULL`;
const PICK = `${SESSIONS} ORDER BY md5(s.id::text || $2) LIMIT $1`;
const SAME = `${SESSIONS} AND s.id = ANY($1::uuid[])`;

/** Fills the tables, and picks people out of them. */
export async function createPeople({ database, secret, signingKeys, issuer, random, bcryptCost }) {
  const codec = createRefreshTokenCodec([Buffer.from(secret, 'base64url')]);
  const issue = createIssueAccessToken({
    keys: parseSigningKeys(signingKeys),
    issuer,
    audience: issuer,
    clock: systemClock,
    ttlSeconds: 3600,
    random,
  });
  const hasher = createPasswordHasher({ workers: 1, queueMax: 10, cost: bcryptCost, random });
  const passwordHash = await hasher.hash(PASSWORD);
  await hasher.close();

  const run = async (work) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const personOf = (row) => {
    const {
      user_id: userId,
      id: sessionId,
      generation,
      auth_epoch: authEpoch,
      roles,
      authenticated_at: authTime,
    } = row;
    const identity = { userId, sessionId, generation, authEpoch, roles, scopes: [], authTime, amr: row.amr };
    return {
      userId,
      sessionId,
      email: row.email,
      password: PASSWORD,
      accessToken: issue({ identity, sessionExpiresAt: row.expires_at }).accessToken,
      refreshToken: codec.derive({ userId, sessionId, generation }, row.salt),
    };
  };
  return {
    /** Five sessions to a user. */
    fill: (sessions) =>
      run(async (client) => {
        await client.query(FILL_USERS, [passwordHash, 1, sessions / SESSIONS_PER_USER]);
        await client.query(FILL_SESSIONS);
        // As autovacuum leaves them: statistics, and pages known to be all visible.
        await client.query('VACUUM ANALYZE');
        await client.query('CHECKPOINT');
      }),
    /** So many sessions from all over the table. */
    pick: (count) =>
      run(async (client) => {
        const { rows } = await client.query(PICK, [count, random.id()]);
        return rows.map(personOf);
      }),
    /** The same sessions once more, with their tokens of now. */
    same: (people) =>
      run(async (client) => {
        const { rows } = await client.query(SAME, [people.map(({ sessionId }) => sessionId)]);
        return rows.map(personOf);
      }),
  };
}
