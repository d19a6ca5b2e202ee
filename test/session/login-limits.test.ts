import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, type Person, REGISTER, type SendOptions } from '../support/graphql-client.js';
import { openConnection, untilWaiting } from '../support/lock-step.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const LIMITS = {
  TRUSTED_PROXIES: 'loopback',
  LIMIT_LOGIN_ACCOUNT_NETWORK: '10/900',
  LIMIT_LOGIN_NETWORK: '30/900',
  LIMIT_LOGIN_ACCOUNT_UNKNOWN_DEVICES: '25/3600',
  LIMIT_LOGIN_DEVICE: '5/900',
  LIMIT_REGISTER_NETWORK: '4/3600',
};

let gate: TestGateway;
let networks = 0;
beforeAll(async () => {
  gate = await startTestGateway(LIMITS);
});
afterAll(() => gate.close());

/** An address that no other test uses, as a trusted proxy tells it. */
function newNetwork(): SendOptions {
  networks += 1;
  return { headers: { 'x-forwarded-for': `198.51.${Math.floor(networks / 250)}.${(networks % 250) + 1}` } };
}

const somebody = (): Promise<Person> => gate.registerSomebody(newNetwork());
const wrong = 'not the passphrase of theirs';

const tryLogin = (email: string, options: SendOptions = {}, password = wrong, input: object = {}) =>
  gate.send(LOGIN, { input: { email, password, ...input } }, options);

/** What came of a login: its type, or its error's code. */
async function outcome(...login: Parameters<typeof tryLogin>): Promise<string> {
  const { data, errors } = await tryLogin(...login);
  return data?.login?.__typename ?? errors?.[0]?.extensions.code;
}

/** The outcomes of several logins, one after the other. */
async function outcomes(count: number, ...login: Parameters<typeof tryLogin>): Promise<string[]> {
  const all: string[] = [];
  for (let index = 0; index < count; index += 1) all.push(await outcome(...login));
  return all;
}

const counted = (all: string[]) => all.filter((one) => one === 'InvalidCredentials').length;

describe('limits of logins', () => {
  it('B2: of many at once exactly the limit reach the hasher; the others are told when to come back', async () => {
    const ada = await somebody();
    const network = newNetwork();
    const hashings = gate.gateway.hashings();
    const answers = await Promise.all(Array.from({ length: 25 }, () => tryLogin(ada.email, network)));
    expect(gate.gateway.hashings() - hashings).toBe(10);
    const limited = answers.filter(({ errors }) => errors !== undefined);
    expect(limited).toHaveLength(15);
    for (const { status, headers, errors } of limited) {
      expect(errors?.[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfter: 900 });
      expect([status, headers.get('retry-after')]).toEqual([200, '900']);
    }
  });

  it('B2: of many that all found room for one more, one gets it', async () => {
    const ada = await somebody();
    const network = newNetwork();
    await outcomes(9, ada.email, network);
    const hashings = gate.gateway.hashings();
    // Whoever keeps the counters keeps all tries between their look and their point.
    const keeper = await openConnection(gate.database);
    await keeper.query('BEGIN');
    await keeper.query('SELECT FROM gatehouse.limit_counters FOR UPDATE');
    const tries = Array.from({ length: 8 }, () => outcome(ada.email, network));
    await untilWaiting(gate.database, 8);
    await keeper.query('COMMIT');
    expect((await Promise.all(tries)).sort()).toEqual(['InvalidCredentials', ...Array(7).fill('RATE_LIMITED')]);
    expect(gate.gateway.hashings() - hashings).toBe(1);
    await keeper.close();
  });

  it('are those of the window: a second before its end they hold, at its end they are new', async () => {
    const ada = await somebody();
    const network = newNetwork();
    await outcomes(10, ada.email, network);
    gate.clock.advance(899);
    const { errors } = await tryLogin(ada.email, network);
    expect(errors?.[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfter: 1 });
    gate.clock.advance(1);
    expect(counted(await outcomes(11, ada.email, network))).toBe(10);
  });

  it('E1, B2: hold for an account that nobody has as for one that somebody has', async () => {
    const known = await somebody();
    const [here, there] = [newNetwork(), newNetwork()];
    const ofKnown = await outcomes(12, known.email, here);
    const ofUnknown = await outcomes(12, `${randomUUID()}@example.org`, there);
    expect(ofUnknown).toEqual(ofKnown);
    expect(ofKnown.slice(9)).toEqual(['InvalidCredentials', 'RATE_LIMITED', 'RATE_LIMITED']);
  });

  it('count an account whatever its spelling', async () => {
    const ada = await somebody();
    const network = newNetwork();
    await outcomes(5, ada.email.toUpperCase(), network);
    expect(counted(await outcomes(10, ` ${ada.email} `, network))).toBe(5);
  });

  it('get back the point of a success: somebody who signs in often is never limited', async () => {
    const ada = await somebody();
    const network = newNetwork();
    const all = await outcomes(40, ada.email, network, ada.password);
    expect(new Set(all)).toEqual(new Set(['AuthPayload']));
    expect(counted(await outcomes(11, ada.email, network))).toBe(10);
  });

  it('a refused try takes from no other bucket', async () => {
    const ada = await somebody();
    const network = newNetwork();
    // 20 of these 30 are refused: of the 25 tries that all strangers together have, 15 are left.
    await outcomes(30, ada.email, network);
    expect(counted(await outcomes(12, ada.email, newNetwork()))).toBe(10);
    expect(counted(await outcomes(12, ada.email, newNetwork()))).toBe(5);
    // And of the 30 of the network, 20.
    const others = await Promise.all(Array.from({ length: 30 }, () => outcome(`${randomUUID()}@x.example`, network)));
    expect(counted(others)).toBe(20);
  });

  it('B7: one password tried on 50 accounts from one network is throttled', async () => {
    const network = newNetwork();
    const all: string[] = [];
    for (let index = 0; index < 50; index += 1) all.push(await outcome(`${randomUUID()}@example.org`, network));
    expect(counted(all)).toBe(30);
    expect(all.slice(30)).toEqual(Array(20).fill('RATE_LIMITED'));
  });

  it('B6: whoever floods an account locks out neither its owner on a known device nor, from elsewhere, for longer than the window', async () => {
    const ada = await somebody();
    const { deviceToken } = await gate.login(ada, newNetwork());
    for (let index = 0; index < 4; index += 1) await outcomes(10, ada.email, newNetwork());
    // Strangers have used up what strangers have.
    expect(await outcome(ada.email, newNetwork(), ada.password)).toBe('RATE_LIMITED');
    expect(await outcome(ada.email, newNetwork(), ada.password, { deviceToken })).toBe('AuthPayload');
    gate.clock.advance(3600);
    expect(await outcome(ada.email, newNetwork(), ada.password)).toBe('AuthPayload');
  });

  it('B6: a known device has tries of its own, and no more', async () => {
    const ada = await somebody();
    const { deviceToken } = await gate.login(ada, newNetwork());
    const network = newNetwork();
    expect(counted(await outcomes(8, ada.email, network, wrong, { deviceToken }))).toBe(5);
    // They took nothing from those of strangers.
    expect(counted(await outcomes(12, ada.email, network))).toBe(10);
  });

  it('count IPv6 by the first 64 bits, and IPv4 by itself however it is written', async () => {
    const ada = await somebody();
    const from = (address: string): SendOptions => ({ headers: { 'x-forwarded-for': address } });
    for (let host = 1; host <= 10; host += 1) await outcome(ada.email, from(`2001:db8:5:6::${host.toString(16)}`));
    expect(await outcome(ada.email, from('2001:db8:5:6:ffff:ffff:ffff:ffff'))).toBe('RATE_LIMITED');
    expect(await outcome(ada.email, from('2001:db8:5:7::1'))).toBe('InvalidCredentials');
    const bob = await somebody();
    await outcomes(10, bob.email, from('203.0.113.77'));
    expect(await outcome(bob.email, from('::ffff:203.0.113.77'))).toBe('RATE_LIMITED');
    expect(await outcome(bob.email, from('203.0.113.78'))).toBe('InvalidCredentials');
  });

  it('B9, B2: survive a restart, and are one for all processes', async () => {
    const ada = await somebody();
    const network = newNetwork();
    await outcomes(6, ada.email, network);
    const sibling = await gate.startSibling();
    const there = async () => {
      const { data, errors } = await sibling.send(LOGIN, { input: { email: ada.email, password: wrong } }, network);
      return data?.login?.__typename ?? errors?.[0]?.extensions.code;
    };
    const before = gate.gateway.hashings() + sibling.gateway.hashings();
    await Promise.all(Array.from({ length: 12 }, (_, index) => (index % 2 ? there() : outcome(ada.email, network))));
    expect(gate.gateway.hashings() + sibling.gateway.hashings() - before).toBe(4);
    await sibling.gateway.close();
  });

  it('take nothing for what is malformed, and nothing is kept of whom they count', async () => {
    const network = newNetwork();
    expect((await outcomes(40, 'no address', network)).every((one) => one === 'BAD_USER_INPUT')).toBe(true);
    const ada = await somebody();
    expect(await outcome(ada.email, network, ada.password)).toBe('AuthPayload');
    const rows = await gate.database.query<{ row: string }>('SELECT c::text AS row FROM gatehouse.limit_counters AS c');
    expect(rows.length).toBeGreaterThan(20);
    for (const { row } of rows) expect(row).toMatch(/^\("\\\\x[0-9a-f]{64}",\d+,"[^"]+"\)$/);
  });

  it('L4: leave one event in the audit trail for each bucket, not one for each try', async () => {
    const network = newNetwork();
    const email = `${randomUUID()}@example.org`;
    await outcomes(15, email, network);
    const events = await gate.database.query(
      "SELECT cause, user_id, request_id FROM gatehouse.audit_events WHERE kind = 'RATE_LIMITED' AND ip_address = $1",
      [network.headers?.['x-forwarded-for']],
    );
    expect(events).toEqual([
      {
        cause: 'LOGIN_ACCOUNT_NETWORK',
        user_id: '00000000-0000-0000-0000-000000000000',
        request_id: expect.stringMatching(/./),
      },
    ]);
  });
});

describe('limits behind no trusted proxy', () => {
  it('B3: headers that name another address change nothing', async () => {
    const own = await startTestGateway({ LIMIT_LOGIN_NETWORK: '5/900' });
    const hashings = own.gateway.hashings();
    for (let index = 1; index <= 20; index += 1) {
      const address = `192.0.2.${index}`;
      const headers = { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` };
      await own.send(LOGIN, { input: { email: `${randomUUID()}@example.org`, password: wrong } }, { headers });
    }
    expect(own.gateway.hashings() - hashings).toBe(5);
    await own.close();
  });
});

describe('the limit of registrations', () => {
  it('B2: counts each that would be hashed, whatever comes of it, and none that is refused before', async () => {
    const network = newNetwork();
    const register = (email: string, password: string) => gate.send(REGISTER, { input: { email, password } }, network);
    const taken = await somebody();
    const hashings = gate.gateway.hashings();
    for (let index = 0; index < 6; index += 1) await register(`${randomUUID()}@example.org`, 'short');
    const good = 'a long enough passphrase';
    for (let index = 0; index < 2; index += 1) {
      expect((await register(taken.email, good)).data.register.__typename).toBe('EmailTaken');
      expect((await register(`${randomUUID()}@example.org`, good)).data.register.__typename).toBe('AuthPayload');
    }
    const { errors } = await register(`${randomUUID()}@example.org`, good);
    expect(errors?.[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfter: 3600 });
    expect(gate.gateway.hashings() - hashings).toBe(4);
  });
});
