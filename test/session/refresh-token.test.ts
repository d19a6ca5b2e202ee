import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRefreshTokenCodec } from '../../src/session/refresh-token.js';
import { REFRESH } from '../support/graphql-client.js';
import { auditOf, INVALID_GRANT, refreshed, sessionRow } from '../support/session-facts.js';
import { countStatements } from '../support/statement-count.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PREFIX = 'ghr_';
const MAC_BYTES = 32;

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const bytesOf = (token: string) => Buffer.from(token.slice(PREFIX.length), 'base64url');
const tokenOf = (bytes: Buffer) => PREFIX + bytes.toString('base64url');

function flipped(bytes: Buffer, index: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ mask;
  return copy;
}

/** The whole answer to the mangled token of a session that lives: what every other refusal must equal. */
async function modelRefusal(): Promise<string> {
  const { refreshToken } = await gate.registerSomebody();
  const { status, text, errors } = await gate.refresh(tokenOf(flipped(bytesOf(refreshToken), 71, 1)));
  expect(status).toBe(200);
  expect(errors?.[0]?.extensions).toEqual(INVALID_GRANT);
  return text;
}

async function expectSameRefusal(tokens: string[]): Promise<void> {
  const expected = await modelRefusal();
  for (const token of tokens) expect(await gate.refresh(token)).toMatchObject({ status: 200, text: expected });
}

describe('R12: what a token is', () => {
  it('R12: 10,000 tokens are distinct, URL-safe, begin with ghr_ and have at most 160 characters', () => {
    const codec = createRefreshTokenCodec([randomBytes(32)]);
    const texts = new Set<string>();
    for (let session = 0; session < 100; session += 1) {
      const claims = { userId: randomUUID(), sessionId: randomUUID() };
      const salt = randomBytes(32);
      for (let generation = 0; generation < 100; generation += 1)
        texts.add(codec.derive({ ...claims, generation }, salt));
    }
    expect(texts.size).toBe(10_000);
    for (const text of texts) expect(text).toMatch(/^ghr_[A-Za-z0-9_-]{28,156}$/);
  });

  it('R12: a MAC of 256 bits changes altogether with the generation', async () => {
    const { refreshToken } = await gate.registerSomebody();
    const [mac, next] = [refreshToken, (await refreshed(gate, refreshToken)).refreshToken].map((token) =>
      bytesOf(token).subarray(-MAC_BYTES),
    );
    const same = [...(mac ?? [])].filter((byte, index) => byte === next?.[index]);
    expect(same.length).toBeLessThan(8);
  });

  it('R12: a dump of the database holds no token, no hash or part of one, and no secret', async () => {
    const ada = await gate.registerSomebody();
    const successor = await refreshed(gate, ada.refreshToken);
    const ended = await gate.login(ada);
    await gate.send('mutation { logout }', {}, { accessToken: ended.accessToken });
    const tokens = [ada, successor, ended].map(({ refreshToken }) => refreshToken);
    const tables = await gate.database.query<{ table_name: string }>(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'gatehouse'`,
    );
    expect(tables.length).toBeGreaterThanOrEqual(5);
    let dump = '';
    for (const { table_name: name } of tables) {
      const rows = await gate.database.query<{ row: string }>(`SELECT t::text AS row FROM gatehouse."${name}" AS t`);
      dump += rows.map(({ row }) => row).join('\n');
    }
    expect(dump).toContain(ada.session.id);
    const secrets = gate.parts.refreshTokenSecrets;
    for (const needle of [...tokens.flatMap(traces), ...secrets.flatMap(spellings)]) {
      expect(dump.includes(needle)).toBe(false);
    }
    for (const { accessToken } of [ada, successor, ended]) expect(dump.includes(accessToken.slice(-30))).toBe(false);
  });

  /** A token, its MAC by pieces, and its usual hashes, as a dump would spell them. */
  function traces(token: string): string[] {
    const mac = bytesOf(token).subarray(-MAC_BYTES);
    const pieces = [0, 8, 16, 24].map((at) => mac.subarray(at, at + 8));
    const hashes = ['sha256', 'sha1', 'md5', 'sha512'].map((name) => createHash(name).update(token).digest());
    return [token, token.slice(PREFIX.length), ...[...pieces, mac, ...hashes].flatMap(spellings)];
  }

  function spellings(bytes: Buffer): string[] {
    return [bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
  }
});

describe('R13: forged tokens', () => {
  it('R13: refuses a token with any bit-flipped byte or any other character, and the session lives', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    const bytes = bytesOf(refreshToken);
    const byByte = Array.from(bytes, (_, index) => tokenOf(flipped(bytes, index, 1 << (index % 8))));
    const byCharacter = Array.from(refreshToken, (character, index) => {
      const other = character === 'x' ? 'y' : 'x';
      return refreshToken.slice(0, index) + other + refreshToken.slice(index + 1);
    });
    await expectSameRefusal([...byByte, ...byCharacter]);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 0, revoked_at: null });
    expect(await auditOf(gate.database, session.id)).toEqual([]);
    await refreshed(gate, refreshToken);
  });

  it('R13: refuses a truncated or extended token, and the session lives', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    const truncated = Array.from(refreshToken, (_, length) => refreshToken.slice(0, length));
    const extended = ['A', '=', '.', ' ', '\n', '\0', '%00', 'AAAA', 'x'.repeat(10_000)].flatMap((more) => [
      refreshToken + more,
      more + refreshToken,
    ]);
    const respelled = [
      refreshToken.toUpperCase(),
      refreshToken.slice(PREFIX.length),
      `${refreshToken}${refreshToken}`,
      '‮ghr_',
    ];
    await expectSameRefusal([...truncated, ...extended, ...respelled]);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 0, revoked_at: null });
    await refreshed(gate, refreshToken);
  });

  it("R13: refuses a token with a stranger's user, session or generation under one's own MAC, and the stranger's session lives", async () => {
    const [own, stranger] = [await gate.registerSomebody(), await gate.registerSomebody()];
    const later = await refreshed(gate, stranger.refreshToken);
    const [mine, theirs] = [bytesOf(own.refreshToken), bytesOf(later.refreshToken)];
    const spans = [
      [0, 20],
      [4, 20],
      [20, 36],
      [4, 36],
      [36, 40],
      [0, 40],
      [40, 72],
    ] as const;
    const mixed = spans.flatMap(([from, to]) => [
      tokenOf(Buffer.concat([mine.subarray(0, from), theirs.subarray(from, to), mine.subarray(to)])),
      tokenOf(Buffer.concat([theirs.subarray(0, from), mine.subarray(from, to), theirs.subarray(to)])),
    ]);
    const genuine = [own.refreshToken, later.refreshToken];
    await expectSameRefusal(mixed.filter((token) => !genuine.includes(token)));
    await refreshed(gate, own.refreshToken);
    await refreshed(gate, later.refreshToken);
  });

  it('refuses what a dump of the database alone, or a leaked secret alone, can derive', async () => {
    const { session, user, refreshToken } = await gate.registerSomebody();
    const { salt } = await sessionRow(gate.database, session.id);
    const claims = { userId: user.id, sessionId: session.id, generation: 0 };
    const foreign = createRefreshTokenCodec([randomBytes(32)]).derive(claims, salt);
    const own = createRefreshTokenCodec(gate.parts.refreshTokenSecrets);
    const renamed = tokenOf(Buffer.concat([bytesOf(refreshToken).subarray(0, 4), bytesOf(foreign).subarray(4)]));
    const saltless = [Buffer.alloc(32), Buffer.alloc(0), randomBytes(32)].map((guess) => own.derive(claims, guess));
    await expectSameRefusal([foreign, renamed, ...saltless]);
    expect(own.derive(claims, salt)).toBe(refreshToken);
    await refreshed(gate, refreshToken);
  });
});

describe('E6: every refusal looks the same', () => {
  const derived = (claims: { userId: string; sessionId: string; generation: number }) =>
    createRefreshTokenCodec(gate.parts.refreshTokenSecrets).derive(claims, randomBytes(32));

  it('E6: unknown, revoked, expired, reused, disabled, mangled: equal status, code, message and fields', async () => {
    const [revoked, expired, reused, disabled, late] = await Promise.all(
      Array.from({ length: 5 }, () => gate.registerSomebody()),
    );
    if (!revoked || !expired || !reused || !disabled || !late) throw new Error('nobody');
    await gate.send('mutation { logout }', {}, { accessToken: revoked.accessToken });
    const { refreshToken } = await refreshed(gate, reused.refreshToken);
    await refreshed(gate, refreshToken);
    await refreshed(gate, late.refreshToken);
    const { database } = gate;
    await database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    await database.query('UPDATE gatehouse.refresh_sessions SET expires_at = $2 WHERE id = $1', [
      expired.session.id,
      gate.clock.now(),
    ]);
    await database.query(
      `UPDATE gatehouse.refresh_sessions SET rotated_at = rotated_at - interval '2 days' WHERE id = $1`,
      [late.session.id],
    );
    const unknown = [
      derived({ userId: revoked.user.id, sessionId: randomUUID(), generation: 0 }),
      derived({ userId: randomUUID(), sessionId: revoked.session.id, generation: 0 }),
    ];
    const refused = [revoked, expired, reused, disabled, late].map((person) => person.refreshToken);
    await expectSameRefusal([...unknown, ...refused, '', 'nonsense']);
    expect(await sessionRow(database, late.session.id)).toMatchObject({ end_cause: 'LOST_ANSWER_TOO_LATE' });
  });

  it('refuses a token that comes another way than its session was begun for, and the session lives', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    const deliver = (how: string) =>
      gate.database.query('UPDATE gatehouse.refresh_sessions SET token_delivery = $2 WHERE id = $1', [session.id, how]);
    await deliver('COOKIE');
    await expectSameRefusal([refreshToken]);
    expect(await sessionRow(gate.database, session.id)).toMatchObject({ generation: 0, revoked_at: null });
    await deliver('BODY');
    await refreshed(gate, refreshToken);
  });

  it('tells the true cause to the log, and neither token nor secret', async () => {
    const { refreshToken, session } = await gate.registerSomebody();
    await gate.refresh(tokenOf(flipped(bytesOf(refreshToken), 50, 4)));
    const refusals = gate.logLines.filter((line) => line.includes('refresh_refused') && line.includes(session.id));
    expect(refusals.map((line) => JSON.parse(line).cause)).toEqual(['MAC_WRONG']);
    await refreshed(gate, refreshToken);
    const log = gate.logLines.join('\n');
    for (const needle of [refreshToken, refreshToken.slice(-43)]) expect(log.includes(needle)).toBe(false);
  });
});

describe('no token at all', () => {
  it('answers NO_TOKEN without sending a statement', async () => {
    const { refreshToken } = await gate.registerSomebody();
    const statements = await countStatements(gate.database);
    try {
      for (const variables of [{}, { refreshToken: null }]) {
        const { errors } = await gate.send(REFRESH, variables);
        expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' });
      }
      expect((await gate.send('mutation { refreshToken { tokenType } }')).errors?.[0]?.extensions.reason).toBe(
        'NO_TOKEN',
      );
      expect(statements.count()).toBe(0);
      // The counter does count: one look at the row, one rotation.
      await refreshed(gate, refreshToken);
      expect(statements.count()).toBe(2);
    } finally {
      statements.stop();
    }
  });
});
