import { setTimeout as pause } from 'node:timers/promises';
import { type GraphqlAnswer, type GraphqlClient, LOGOUT, type Person } from '../../test/support/graphql-client.js';
import { claimsOf } from '../../test/support/session-facts.js';
import type { Place, Premises } from './site.js';

/** An honest person at work, who writes down what was acknowledged and whatever should not have been answered. */
export interface Visitor {
  person: Person;
  /** What should not have happened, in words; empty where all went well. */
  faults: string[];
  /** How often a refresh was acknowledged. */
  rotations(): number;
  /** How often it was told "not now", or not answered. */
  outages(): number;
  /** The newest generation that was acknowledged. */
  generation(): number;
  accessToken(): string;
  refreshToken(): string;
  /** Works until stopped: refreshes at either gateway, sometimes from two tabs at once, and asks who it is. */
  work(): void;
  /** From now on an access token that is called invalid is merely refreshed: clocks are not to be trusted. */
  expectsInvalidTokens(): void;
  /** Ends the work, after what is under way. */
  stop(): Promise<void>;
  /** Logs out, however often that takes, and from then on tries the dead tokens on both gateways. */
  logOut(): Promise<void>;
}

/** Longer than any answer may take: all that the gateway waits for, and its tries. */
const ANSWER_WITHIN_MS = 15_000;
/** What is ended is refused by every process so much later. */
const BOUND_MS = 2_000;
/** What was sent has reached its gateway by then, on a machine that is very busy too. */
const ARRIVED_WITHIN_MS = 2_000;
const BETWEEN_MS = 40;
const AFTER_OUTAGE_MS = 150;
const BOTH: readonly Place[] = [0, 1];

type Reply<Answer> = { kind: 'answered'; answer: Answer } | { kind: 'not_now' } | { kind: 'unreachable' };

/** Registers somebody at one of the gateways. */
export async function registerVisitor(site: Premises, place: Place): Promise<Visitor> {
  const person = await site.gateway(place).registerSomebody();
  /** Every refresh token that was acknowledged, by its generation: two for one would be two lineages. */
  const acknowledged = new Map<number, string>([[0, person.refreshToken]]);
  const faults: string[] = [];
  const under = new Set<Promise<unknown>>();
  let tokens: { accessToken: string; refreshToken: string } = person;
  let rotations = 0;
  let outages = 0;
  let turn = place as number;
  let isStopped = true;
  let working: Promise<void> = Promise.resolve();
  let endedAtMs: number | null = null;
  let mayBeInvalid = false;

  const nextPlace = (): Place => {
    turn += 1;
    return turn % 2 === 0 ? 0 : 1;
  };
  const newest = () => Math.max(...acknowledged.keys());
  const ask = async <Answer extends GraphqlAnswer>(
    at: Place,
    send: (client: GraphqlClient) => Promise<Answer>,
  ): Promise<Reply<Answer>> => {
    const reply = await patiently(send(site.gateway(at)));
    if (reply === 'late') faults.push(`no answer within ${ANSWER_WITHIN_MS} ms`);
    if (typeof reply === 'string') return { kind: 'unreachable' };
    const code = reply.errors?.[0]?.extensions.code;
    if (code === 'SERVICE_UNAVAILABLE') return { kind: 'not_now' };
    if (code === 'INTERNAL_SERVER_ERROR') faults.push(`an internal error: ${reply.text}`);
    return { kind: 'answered', answer: reply };
  };

  const refreshAt = async (at: Place, refreshToken: string): Promise<boolean> => {
    const reply = await ask(at, (client) => client.refresh(refreshToken));
    if (reply.kind !== 'answered') {
      outages += 1;
      return false;
    }
    const payload = reply.answer.data?.refreshToken;
    if (!payload) {
      if (endedAtMs === null) faults.push(`an honest refresh was refused: ${reply.answer.text}`);
      return false;
    }
    const generation = claimsOf(payload.accessToken).gen;
    const known = acknowledged.get(generation);
    if (known !== undefined && known !== payload.refreshToken) faults.push(`two tokens of generation ${generation}`);
    const isNews = generation > newest();
    acknowledged.set(generation, payload.refreshToken);
    rotations += 1;
    if (isNews) tokens = payload;
    return true;
  };
  const askWhoIAm = async (at: Place, accessToken: string) => {
    const sentAtMs = performance.now();
    const reply = await ask(at, (client) => client.me(accessToken));
    if (reply.kind !== 'answered') return;
    const id = reply.answer.data?.me?.id;
    if (mayBeInvalid && reply.answer.errors?.[0]?.extensions.reason === 'TOKEN_INVALID') return;
    if (endedAtMs === null) {
      if (id !== person.user.id) faults.push(`somebody honest was turned away: ${reply.answer.text}`);
    } else if (id !== undefined && sentAtMs > endedAtMs + BOUND_MS) {
      faults.push(`let in ${Math.round(sentAtMs - endedAtMs)} ms after the logout`);
    }
  };

  const step = async (count: number) => {
    const { refreshToken } = tokens;
    // Two tabs: whichever is answered first goes on. The other's request is left to itself once it must have arrived.
    const places = count % 4 === 3 ? BOTH : [nextPlace()];
    const tries = places.map((at) => refreshAt(at, refreshToken));
    for (const one of tries) {
      under.add(one);
      void one.finally(() => under.delete(one));
    }
    const isAnswered = await firstTrue(tries);
    if (!isAnswered) await pause(AFTER_OUTAGE_MS);
    else if (count % 2 === 0) await askWhoIAm(nextPlace(), tokens.accessToken);
    await Promise.race([Promise.all(tries), pause(ARRIVED_WITHIN_MS)]);
    await pause(BETWEEN_MS);
  };
  const loop = async () => {
    for (let count = 0; !isStopped && faults.length === 0; count += 1) await step(count);
    await Promise.all(under);
  };
  const haunt = async () => {
    while (!isStopped && faults.length === 0) {
      for (const at of BOTH) {
        await askWhoIAm(at, tokens.accessToken);
        const reply = await ask(at, (client) => client.refresh(tokens.refreshToken));
        if (reply.kind === 'answered' && reply.answer.tokens !== null)
          faults.push('a session that was ended was refreshed');
      }
      await pause(AFTER_OUTAGE_MS);
    }
  };
  const stop = async () => {
    isStopped = true;
    await working;
  };
  return {
    person,
    faults,
    rotations: () => rotations,
    outages: () => outages,
    generation: newest,
    accessToken: () => tokens.accessToken,
    refreshToken: () => tokens.refreshToken,
    work: () => {
      isStopped = false;
      working = loop();
    },
    expectsInvalidTokens: () => {
      mayBeInvalid = true;
    },
    stop,
    logOut: async () => {
      await stop();
      for (;;) {
        const reply = await ask(nextPlace(), (client) => client.send(LOGOUT, { refreshToken: tokens.refreshToken }));
        if (reply.kind === 'answered' && reply.answer.data?.logout === true) break;
        await pause(AFTER_OUTAGE_MS);
      }
      endedAtMs = performance.now();
      isStopped = false;
      working = haunt();
    },
  };
}

/** The answer; or that the connection broke, or that nothing came in time. */
async function patiently<Answer>(answer: Promise<Answer>): Promise<Answer | 'broken' | 'late'> {
  const cancel = new AbortController();
  const late = pause(ANSWER_WITHIN_MS, 'late' as const, { signal: cancel.signal }).catch(() => 'late' as const);
  const broken = answer.catch(() => 'broken' as const);
  const first = await Promise.race([broken, late]);
  cancel.abort();
  return first;
}

/** Whether one of them is true, as soon as that is known. */
function firstTrue(tries: readonly Promise<boolean>[]): Promise<boolean> {
  const trues = tries.map((one) => one.then((isTrue) => (isTrue ? true : Promise.reject(new Error('false')))));
  return Promise.any(trues).catch(() => false);
}
