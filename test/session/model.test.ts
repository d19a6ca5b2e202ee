import process from 'node:process';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LOGOUT, type Person, type Tokens } from '../support/graphql-client.js';
import { claimsOf, type SessionRow } from '../support/session-facts.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import {
  beginModelSession,
  currentGeneration,
  type ModelRules,
  type ModelSession,
  presentToModel,
} from './refresh-model.js';

/** For a long run, set MODEL_WALKS. */
const WALKS_VARIABLE = 'MODEL_WALKS';
const WALKS = Number(process.env[WALKS_VARIABLE] ?? 60);
const STEPS_MAX = 40;
/** A walk takes some tenths of a second; a failing one is walked again, ever shorter, for as long as there is time. */
const WALKS_TIMEOUT_MS = 60_000 + WALKS * 2_000;
const RUN_TIMEOUT_MS = WALKS_TIMEOUT_MS + 10_000;
const LEEWAY_SECONDS = 5;

const rules: ModelRules = {
  idleSeconds: 604_800,
  absoluteSeconds: 2_592_000,
  graceSeconds: 10,
  lostAnswerSeconds: 86_400,
};
/** On, just before and just past every boundary of the rules; and back, as a clock may be set. */
const JUMPS = [1, 5, 9, 10, 11, 60, 600, 895, 3_600, 43_200, 86_400, 86_401, 259_200, 604_799, 604_800, -1, -11, -600];

/** `of` names a session and `age` what of it, counted from the newest; both wrap around. */
type Step =
  | { kind: 'login' }
  | { kind: 'refresh'; of: number; age: number }
  | { kind: 'show'; of: number; age: number }
  | { kind: 'logout'; of: number; age: number; by: 'refresh token' | 'access token' }
  | { kind: 'end_others'; of: number }
  | { kind: 'jump'; seconds: number }
  | { kind: 'restart' };

const of = fc.nat(5);
const age = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 5, arbitrary: fc.constant(1) }, fc.nat(4));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('login' as const) }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('refresh' as const), of, age }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('show' as const), of, age }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('logout' as const),
      of,
      age,
      by: fc.constantFrom('refresh token' as const, 'access token' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end_others' as const), of }) },
  { weight: 14, arbitrary: fc.record({ kind: fc.constant('jump' as const), seconds: fc.constantFrom(...JUMPS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);
/** What single steps rarely come to: the answer to a rotation is lost, or arrives and the spent token comes again. */
const turn: fc.Arbitrary<Step[]> = fc
  .record({ of, isSeen: fc.boolean(), seconds: fc.constantFrom(10, 11, 600, 86_400) })
  .map(({ of, isSeen, seconds }) => [
    { kind: 'refresh', of, age: 0 },
    ...(isSeen ? [{ kind: 'show' as const, of, age: 0 }] : []),
    { kind: 'jump', seconds },
    { kind: 'refresh', of, age: 1 },
  ]);
/** Thief and owner, or one client with bad luck: every answer is lost. */
const unluckyTurns: fc.Arbitrary<Step[]> = fc
  .record({ of, times: fc.integer({ min: 3, max: 7 }) })
  .map(({ of, times }) =>
    Array.from({ length: times }, (): Step[] => [
      { kind: 'refresh', of, age: 0 },
      { kind: 'jump', seconds: 11 },
      { kind: 'refresh', of, age: 1 },
    ]).flat(),
  );
const walk = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: step.map((one) => [one]) },
      { weight: 3, arbitrary: turn },
      { weight: 1, arbitrary: unluckyTurns },
    ),
    { maxLength: STEPS_MAX, size: 'max' },
  )
  .map((parts) => parts.flat());

interface WalkedSession {
  id: string;
  model: ModelSession;
  /** By generation. */
  refreshTokens: string[];
  accessTokens: string[];
}

let home: TestGateway;
/** The one that is asked, and started anew. */
let client: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  home = await startTestGateway({ SESSIONS_PER_USER_MAX: '1000' });
  client = await home.startSibling();
});
afterAll(async () => {
  await client.gateway.close();
  await home.close();
});

const now = () => home.clock.now().getTime() / 1000;

async function restart(): Promise<void> {
  await client.gateway.close();
  client = await home.startSibling();
}

function walked(tokens: Tokens): WalkedSession {
  const { session, refreshToken, accessToken } = tokens;
  return {
    id: session.id,
    model: beginModelSession(now(), rules),
    refreshTokens: [refreshToken],
    accessTokens: [accessToken],
  };
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

const newest = <Item>(items: readonly Item[], age: number) => pick(items.toReversed(), age);

async function refresh(session: WalkedSession, age: number): Promise<void> {
  const token = newest(session.refreshTokens, age);
  const handedOut = presentToModel({
    session: session.model,
    generation: session.refreshTokens.indexOf(token),
    now: now(),
    rules,
  });
  const { tokens, errors } = await client.refresh(token);
  if (handedOut === null) {
    expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'INVALID_GRANT' });
    return;
  }
  if (tokens === null) throw new Error(`refused: ${JSON.stringify(errors)}`);
  expect(claimsOf(tokens.accessToken).gen).toBe(handedOut);
  expect(tokens.refreshToken).toBe(session.refreshTokens[handedOut] ?? tokens.refreshToken);
  expect(session.refreshTokens.slice(0, handedOut)).not.toContain(tokens.refreshToken);
  session.refreshTokens[handedOut] = tokens.refreshToken;
  session.accessTokens.push(tokens.accessToken);
}

/** What a guard says to an access token; notes its sight in the model where it counts. */
function expectedOfAccessToken(session: WalkedSession, accessToken: string): string {
  const { iat, exp, gen } = claimsOf(accessToken);
  if (now() >= exp + LEEWAY_SECONDS) return 'TOKEN_EXPIRED';
  if (iat > now() + LEEWAY_SECONDS) return 'TOKEN_INVALID';
  if (session.model.endCause !== null) return 'SESSION_ENDED';
  const generation = session.model.generations[gen];
  if (generation !== undefined) generation.wasSeen = true;
  return 'taken';
}

async function show(session: WalkedSession, age: number): Promise<void> {
  const accessToken = newest(session.accessTokens, age);
  const expected = expectedOfAccessToken(session, accessToken);
  const { data, errors } = await client.me(accessToken);
  expect(data?.me ? 'taken' : errors?.[0]?.extensions.reason).toBe(expected);
}

async function logout(session: WalkedSession, { age, by }: Extract<Step, { kind: 'logout' }>): Promise<void> {
  const { model } = session;
  if (by === 'refresh token') {
    if (now() < model.endsAt) model.endCause ??= 'LOGOUT';
    const refreshToken = newest(session.refreshTokens, age);
    expect((await client.send(LOGOUT, { refreshToken })).data).toEqual({ logout: true });
    return;
  }
  const accessToken = newest(session.accessTokens, age);
  if (expectedOfAccessToken(session, accessToken) === 'taken') model.endCause ??= 'LOGOUT';
  expect((await client.send(LOGOUT, {}, { accessToken })).data).toEqual({ logout: true });
}

async function endOthers(sessions: WalkedSession[], session: WalkedSession): Promise<void> {
  const accessToken = newest(session.accessTokens, 0);
  const expected = expectedOfAccessToken(session, accessToken);
  const { data, errors } = await client.send('mutation { endOtherSessions }', {}, { accessToken });
  if (expected !== 'taken') {
    expect(errors?.[0]?.extensions.reason).toBe(expected);
    return;
  }
  const others = sessions.filter((other) => other !== session && other.model.endCause === null);
  expect(data.endOtherSessions).toBe(others.filter(({ model }) => now() < model.endsAt).length);
  for (const { model } of others) model.endCause = 'OTHERS_ENDED_BY_USER';
}

async function take(one: Step, { sessions, person }: { sessions: WalkedSession[]; person: Person }): Promise<void> {
  switch (one.kind) {
    case 'login':
      sessions.push(walked(await client.login(person)));
      return;
    case 'refresh':
      return refresh(pick(sessions, one.of), one.age);
    case 'show':
      return show(pick(sessions, one.of), one.age);
    case 'logout':
      return logout(pick(sessions, one.of), one);
    case 'end_others':
      return endOthers(sessions, pick(sessions, one.of));
    case 'jump':
      return home.clock.advance(one.seconds);
    case 'restart':
      return restart();
  }
}

/** What must stand in the tables in the end, sights aside: those are written a little later. */
async function compareRows(sessions: WalkedSession[], userId: string): Promise<void> {
  const rows = await home.database.query<SessionRow>('SELECT * FROM gatehouse.refresh_sessions WHERE user_id = $1', [
    userId,
  ]);
  const events = await home.database.query<{ session_id: string; cause: string }>(
    `SELECT session_id, cause FROM gatehouse.audit_events WHERE user_id = $1 AND kind = 'SESSION_ENDED'`,
    [userId],
  );
  const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id);
  const found = rows.map(({ id, generation, end_cause, expires_at, revoked_at }) => ({
    id,
    generation,
    endCause: end_cause,
    isRevoked: revoked_at !== null,
    endsAt: expires_at.getTime() / 1000,
    audited: events.filter(({ session_id }) => session_id === id).map(({ cause }) => cause),
  }));
  const expected = sessions.map(({ id, model }) => ({
    id,
    generation: currentGeneration(model),
    endCause: model.endCause,
    isRevoked: model.endCause !== null,
    endsAt: model.endsAt,
    audited: model.endCause === null ? [] : [model.endCause],
  }));
  expect(found.sort(byId)).toEqual(expected.sort(byId));
}

it(
  'does on any walk what the rules say: logins, refreshes with any token, sights, ends, clock jumps, restarts',
  async () => {
    const property = fc.asyncProperty(walk, async (steps) => {
      const person = await client.registerSomebody();
      const sessions = [walked(person)];
      for (const one of steps) await take(one, { sessions, person });
      await compareRows(sessions, person.user.id);
    });
    await fc.assert(property, {
      numRuns: WALKS,
      endOnFailure: false,
      // Shortly before Jest would end it without a word of the walk.
      interruptAfterTimeLimit: WALKS_TIMEOUT_MS,
      markInterruptAsFailure: true,
    });
  },
  RUN_TIMEOUT_MS,
);
