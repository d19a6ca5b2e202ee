import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { GOOD_PASSWORD, type GraphqlClient, LOGIN, REGISTER } from '../test/support/graphql-client.js';
import { REQUEST_RESET } from '../test/support/recovery.js';
import { startTestGateway, type TestGateway, testConfig } from '../test/support/test-gateway.js';
import { isSeparable, separationOf } from './separable.js';

const SAMPLES = 300;
const WARM_UP = 10;
const WRONG = 'not the passphrase of theirs';

let gate: TestGateway;
/** On the same database, where a registration answers every address alike. */
let strict: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  gate = await startTestGateway({ BCRYPT_COST: '10' });
  strict = await gate.startSibling({ config: testConfig({ BCRYPT_COST: '10', REGISTRATION: 'verified' }) });
});
afterAll(async () => {
  await strict?.gateway.close();
  await gate?.close();
});

/** Asks once; what it asks is made before the time is taken. */
type Ask = () => Promise<unknown>;
/** Makes ready to ask as somebody whom the gateway does not know, or of one in a state that must not show. */
type Prepare = () => Promise<() => Ask>;

const loginAs =
  (email: () => string, password: string): (() => Ask) =>
  () => {
    const input = { email: email(), password };
    return () => gate.send(LOGIN, { input });
  };
const unknown =
  (password = WRONG): Prepare =>
  async () =>
    loginAs(() => `${randomUUID()}@example.org`, password);

/** Somebody whose row was changed so. */
const known =
  (change = '', values: unknown[] = [], password = WRONG): Prepare =>
  async () => {
    const person = await gate.registerSomebody();
    if (change !== '') {
      await gate.database.query(`UPDATE gatehouse.users SET ${change} WHERE id = $1`, [person.user.id, ...values]);
    }
    return loginAs(() => person.email, password);
  };

const registerAs =
  (email: () => string): (() => Ask) =>
  () => {
    const input = { email: email(), password: GOOD_PASSWORD };
    return () => strict.send(REGISTER, { input });
  };
const resetOf =
  (client: GraphqlClient, email: () => string): (() => Ask) =>
  () => {
    const variables = { email: email() };
    return () => client.send(REQUEST_RESET, variables);
  };
const newAddress = () => `${randomUUID()}@example.org`;

/** Requests whose answers must all take the same time: that of a stranger, and those that must not show in it. */
interface Group {
  stranger: Prepare;
  others: Record<string, Prepare>;
}

const password = (text: string): Group => ({ stranger: unknown(text), others: { known: known('', [], text) } });

const GROUPS: [what: string, group: Group][] = [
  [
    'E1, E2: a login with a wrong password',
    {
      stranger: unknown(),
      others: {
        known: known(),
        disabled: known('disabled_at = now()'),
        'without a password': known('password_hash = NULL'),
        'with a corrupt hash': known('password_hash = $2', ['$bcrypt-sha256$v=2,t=2b,r=10$']),
        'with an imported, cheaper hash': known('password_hash = $2', [hashSync('short one', 6)]),
      },
    },
  ],
  ['E3: a login with a password of 1 character', password('x')],
  ['E3: a login with a password of 64 characters', password('x'.repeat(64))],
  ['E3: a login with a password of 4 KB', password('x'.repeat(4096))],
  [
    'E4: a registration, where it answers every address alike',
    {
      stranger: async () => registerAs(newAddress),
      others: {
        known: async () => {
          const { email } = await gate.registerSomebody();
          return registerAs(() => email);
        },
      },
    },
  ],
  [
    'E5: a request for a reset',
    {
      stranger: async () => resetOf(gate, newAddress),
      others: {
        known: async () => {
          const { email } = await gate.registerSomebody();
          return resetOf(gate, () => email);
        },
      },
    },
  ],
];

/** Milliseconds of each kind, in turns, so that whatever else the machine does meets all alike. */
async function measure(kinds: readonly (() => Ask)[]): Promise<number[][]> {
  const times = kinds.map((): number[] => []);
  for (let round = -WARM_UP; round < SAMPLES; round += 1) {
    for (let turn = 0; turn < kinds.length; turn += 1) {
      // Each round begins with another one.
      const kind = (turn + round + WARM_UP) % kinds.length;
      const ask = kinds[kind]?.();
      const began = performance.now();
      await ask?.();
      if (round >= 0) times[kind]?.push(performance.now() - began);
    }
  }
  return times;
}

/** The kinds that somebody who measures could tell from a stranger's. */
async function toldApart(what: string, { stranger, others }: Group): Promise<string[]> {
  const names = Object.keys(others);
  const kinds: (() => Ask)[] = [];
  for (const prepare of [stranger, ...Object.values(others)]) kinds.push(await prepare());
  const [baseline = [], ...rest] = await measure(kinds);
  return names.filter((name, index) => {
    const separation = separationOf(baseline, rest[index] ?? []);
    const { p, medianGap } = separation;
    process.stdout.write(`${what}, ${name}: p = ${p.toFixed(3)}, medians ${(100 * medianGap).toFixed(1)} % apart\n`);
    return isSeparable(separation);
  });
}

describe('how long an answer takes', () => {
  it.each(GROUPS)(
    '%s tells nothing of the account',
    async (what, group) => {
      // Once more where it seems to: a busy machine can make a difference, but hardly the same one twice.
      const first = await toldApart(what, group);
      const again = first.length === 0 ? [] : await toldApart(what, group);
      expect(first.filter((name) => again.includes(name))).toEqual([]);
    },
    600_000,
  );
});
