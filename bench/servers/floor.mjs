// The floor: bare node:http that does the same token check, with the same cache, the same hashing on as many threads, and
// the same SQL by hand through pg. It has no limits, no audit trail, no feed, no log and no error worth the name.
import { createServer } from 'node:http';
import process from 'node:process';
import pg from 'pg';
import { systemClock } from '../../dist/src/platform/clock.js';
import { systemRandom } from '../../dist/src/platform/random.js';
import { createIssueAccessToken } from '../../dist/src/session/access-token/issue-access-token.js';
import { parseSigningKeys } from '../../dist/src/session/access-token/signing-keys.js';
import { createVerifyAccessToken } from '../../dist/src/session/access-token/verify-access-token.js';
import { createRefreshTokenCodec } from '../../dist/src/session/refresh-token.js';
import { createPasswordHasher } from '../../dist/src/user/password/password-hasher.js';

const { DATABASE_URL, SECRET, SIGNING_KEYS, ISSUER, HASH_WORKERS, BCRYPT_COST } = process.env;
const clock = systemClock;
const random = systemRandom(clock);
const tokens = { keys: parseSigningKeys(SIGNING_KEYS), issuer: ISSUER, audience: ISSUER, clock };
const verify = createVerifyAccessToken(tokens);
const issue = createIssueAccessToken({ ...tokens, ttlSeconds: 900, random });
const codec = createRefreshTokenCodec([Buffer.from(SECRET, 'base64url')]);
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const hasher = createPasswordHasher({
  workers: Number(HASH_WORKERS),
  queueMax: 1000,
  cost: Number(BCRYPT_COST),
  random,
});

const ME = {
  name: 'me',
  text: `SELECT u.id, e.email, e.verified AS "emailVerified", u.roles, u.created_at AS "createdAt"
    FROM gatehouse.users AS u JOIN gatehouse.user_emails AS e ON e.user_id = u.id
    WHERE u.id = $1 AND u.disabled_at IS NULL`,
};
const FIND = {
  name: 'find',
  text: `SELECT s.*, u.disabled_at, u.auth_epoch, u.roles, u.created_at AS user_created_at, e.email, e.verified
    FROM gatehouse.refresh_sessions AS s JOIN gatehouse.users AS u ON u.id = s.user_id
    JOIN gatehouse.user_emails AS e ON e.user_id = s.user_id WHERE s.user_id = $1 AND s.id = $2`,
};
const ROTATE = {
  name: 'rotate',
  text: `UPDATE gatehouse.refresh_sessions SET generation = generation + 1, rotated_at = $4, last_used_at = $4,
    expires_at = $5, user_agent = $6, ip_address = $7
    WHERE user_id = $1 AND id = $2 AND generation = $3 AND revoked_at IS NULL AND expires_at > $4
    AND EXISTS (SELECT FROM gatehouse.users AS u WHERE u.id = $1 AND u.disabled_at IS NULL) RETURNING id`,
};
const CREDENTIAL = {
  name: 'credential',
  text: `SELECT u.id, u.password_hash, u.auth_epoch, u.roles FROM gatehouse.user_emails AS e
    JOIN gatehouse.users AS u ON u.id = e.user_id WHERE e.email = $1 AND u.disabled_at IS NULL`,
};
const BEGIN = {
  name: 'begin',
  text: `INSERT INTO gatehouse.refresh_sessions (user_id, id, salt, generation, confirmed_generation,
      late_answered_generation, late_answers_in_row, token_delivery, amr, created_at, authenticated_at, rotated_at,
      last_used_at, expires_at, absolute_expires_at, user_agent, ip_address)
    SELECT id, $3, $4, 0, 0, -1, 0, 'BODY', '{pwd}', $5::timestamptz, $5, $5, $5, $6, $7, $8, $9 FROM gatehouse.users
    WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL`,
};

const query = async (statement, values) => (await pool.query({ ...statement, values })).rows;
const inSeconds = (now, seconds) => new Date(now.getTime() + seconds * 1000);

async function me(authorization) {
  const verified = verify(authorization.slice('Bearer '.length));
  if (verified.kind !== 'valid') return { error: verified.kind };
  const [user] = await query(ME, [verified.identity.userId]);
  return { data: { me: user } };
}

function answered(session, generation, expiresAt) {
  const {
    user_id: userId,
    id: sessionId,
    auth_epoch: authEpoch,
    roles,
    authenticated_at: authTime,
    amr,
    salt,
  } = session;
  const identity = { userId, sessionId, generation, authEpoch, roles, scopes: [], authTime, amr };
  const refreshToken = codec.derive({ userId, sessionId, generation }, salt);
  return { ...issue({ identity, sessionExpiresAt: expiresAt }), refreshToken };
}

async function refresh({ refreshToken }, userAgent, ipAddress) {
  const token = codec.parse(refreshToken);
  const [session] = await query(FIND, [token.userId, token.sessionId]);
  if (!codec.isGenuine(token, session.salt) || session.generation !== token.generation) return { error: 'refused' };
  const now = clock.now();
  const expiresAt = new Date(Math.min(inSeconds(now, 604_800).getTime(), session.absolute_expires_at.getTime()));
  await query(ROTATE, [session.user_id, session.id, session.generation, now, expiresAt, userAgent, ipAddress]);
  return { data: { refreshToken: answered(session, session.generation + 1, expiresAt) } };
}

async function login({ input: { email, password } }, userAgent, ipAddress) {
  const [user] = await query(CREDENTIAL, [email]);
  const isMatch = await hasher.verify({ normalized: password, passwordHash: user?.password_hash ?? null });
  if (!isMatch) return { error: 'refused' };
  const now = clock.now();
  const session = { user_id: user.id, id: random.id(), salt: random.bytes(32), amr: ['pwd'], authenticated_at: now };
  const expiresAt = inSeconds(now, 604_800);
  const times = [now, expiresAt, inSeconds(now, 2_592_000)];
  await query(BEGIN, [user.id, user.password_hash, session.id, session.salt, ...times, userAgent, ipAddress]);
  return { data: { login: answered({ ...user, ...session }, 0, expiresAt) } };
}

async function answer(request, body) {
  const { authorization, 'user-agent': userAgent = null } = request.headers;
  if (authorization !== undefined) return me(authorization);
  const { query: text, variables } = JSON.parse(body);
  const from = [userAgent, request.socket.remoteAddress];
  if (text === '{ __typename }') return { data: { __typename: 'Query' } };
  return variables.input === undefined ? refresh(variables, ...from) : login(variables, ...from);
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const text = JSON.stringify(await answer(request, Buffer.concat(chunks).toString()));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`serves http://127.0.0.1:${server.address().port}/graphql\n`));
