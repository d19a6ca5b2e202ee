// The floor: bare node:http that does the same token check, with the same cache, and the same SQL by hand through pg.
import { createServer } from 'node:http';
import process from 'node:process';
import pg from 'pg';
import { systemClock } from '../dist/src/platform/clock.js';
import { systemRandom } from '../dist/src/platform/random.js';
import { createIssueAccessToken } from '../dist/src/session/access-token/issue-access-token.js';
import { parseSigningKeys } from '../dist/src/session/access-token/signing-keys.js';
import { createVerifyAccessToken } from '../dist/src/session/access-token/verify-access-token.js';
import { createRefreshTokenCodec } from '../dist/src/session/refresh-token.js';

const { DATABASE_URL, SECRET, SIGNING_KEYS, ISSUER } = process.env;
const clock = systemClock;
const random = systemRandom(clock);
const tokens = { keys: parseSigningKeys(SIGNING_KEYS), issuer: ISSUER, audience: ISSUER, clock };
const verify = createVerifyAccessToken(tokens);
const issue = createIssueAccessToken({ ...tokens, ttlSeconds: 900, random });
const codec = createRefreshTokenCodec([Buffer.from(SECRET, 'base64url')]);
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });

const ME = `SELECT u.id, e.email, e.verified, u.roles, u.created_at FROM gatehouse.users AS u
  JOIN gatehouse.user_emails AS e ON e.user_id = u.id WHERE u.id = $1 AND u.disabled_at IS NULL`;
const FIND = `SELECT s.*, u.disabled_at, u.auth_epoch, u.roles, u.created_at AS user_created_at, e.email, e.verified
  FROM gatehouse.refresh_sessions AS s JOIN gatehouse.users AS u ON u.id = s.user_id
  JOIN gatehouse.user_emails AS e ON e.user_id = s.user_id WHERE s.user_id = $1 AND s.id = $2`;
const ROTATE = `UPDATE gatehouse.refresh_sessions SET generation = generation + 1, rotated_at = $4, last_used_at = $4,
  expires_at = $5, user_agent = $6, ip_address = $7
  WHERE user_id = $1 AND id = $2 AND generation = $3 AND revoked_at IS NULL AND expires_at > $4
  AND EXISTS (SELECT FROM gatehouse.users AS u WHERE u.id = $1 AND u.disabled_at IS NULL) RETURNING id`;

async function me(authorization) {
  const verified = verify(authorization.slice('Bearer '.length));
  if (verified.kind !== 'valid') return { error: verified.kind };
  const { rows } = await pool.query(ME, [verified.identity.userId]);
  return { data: { me: rows[0] } };
}

async function refresh(body, userAgent, ipAddress) {
  const token = codec.parse(JSON.parse(body).variables.refreshToken);
  const { rows } = await pool.query(FIND, [token.userId, token.sessionId]);
  const session = rows[0];
  if (!codec.isGenuine(token, session.salt) || session.generation !== token.generation) return { error: 'refused' };
  const now = clock.now();
  const expiresAt = new Date(Math.min(now.getTime() + 604_800_000, session.absolute_expires_at.getTime()));
  await pool.query(ROTATE, [session.user_id, session.id, session.generation, now, expiresAt, userAgent, ipAddress]);
  const generation = session.generation + 1;
  const identity = { userId: session.user_id, sessionId: session.id, generation, authEpoch: session.auth_epoch };
  const rest = { roles: session.roles, scopes: [], authTime: session.authenticated_at, amr: session.amr };
  const issued = issue({ identity: { ...identity, ...rest }, sessionExpiresAt: expiresAt });
  const refreshToken = codec.derive({ userId: session.user_id, sessionId: session.id, generation }, session.salt);
  return { data: { refreshToken: { ...issued, refreshToken } } };
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const body = Buffer.concat(chunks).toString();
    const { authorization } = request.headers;
    const answer = authorization
      ? await me(authorization)
      : await refresh(body, request.headers['user-agent'], request.socket.remoteAddress);
    const text = JSON.stringify(answer);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`serves http://127.0.0.1:${server.address().port}/graphql\n`));
