import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { type GraphqlAnswer, LOGIN } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** Headers that differ from answer to answer, whoever asks. */
const OF_THE_REQUEST = ['date', 'x-request-id'];

/** All that a client can see of an answer, and how many hashings it took. */
async function seen(input: { email: string; password: string }) {
  const before = gate.gateway.hashings();
  const { status, headers, text }: GraphqlAnswer = await gate.send(LOGIN, { input });
  const shown = [...headers].filter(([name]) => !OF_THE_REQUEST.includes(name));
  return { status, headers: Object.fromEntries(shown), text, hashings: gate.gateway.hashings() - before };
}

/** One user in each state in which a login is refused, and an address that nobody has. */
async function refusedOnes(): Promise<[state: string, email: string, password: string][]> {
  const wrong = 'not the passphrase of theirs';
  const state = async (name: string, change: string, value?: string): Promise<[string, string, string]> => {
    const person = await gate.registerSomebody();
    const values = [person.user.id, ...(value === undefined ? [] : [value])];
    if (change !== '') await gate.database.query(`UPDATE gatehouse.users SET ${change} WHERE id = $1`, values);
    return [name, person.email, name === 'disabled' ? person.password : wrong];
  };
  const corrupt = '$bcrypt-sha256$v=2,t=2b,r=4$';
  return [
    ['unknown', `${randomUUID()}@example.org`, wrong],
    await state('known', ''),
    await state('disabled', 'disabled_at = now()'),
    await state('disabled, with a wrong password', 'disabled_at = now()'),
    await state('without a password', 'password_hash = NULL'),
    await state('with an empty hash', "password_hash = ''"),
    await state('with a corrupt hash', 'password_hash = $2', corrupt),
    await state('with a hash of another kind', 'password_hash = $2', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA'),
    await state('with a hash of monstrous cost', 'password_hash = $2', `$2b$31$${'a'.repeat(53)}`),
    await state('with an imported hash', 'password_hash = $2', hashSync('short one', 4)),
  ];
}

describe('a refused login', () => {
  it('E1, E2: answers the same, after the same number of hashings, whatever the reason', async () => {
    const [[, unknownEmail, unknownPassword] = ['', '', ''], ...others] = await refusedOnes();
    const expected = await seen({ email: unknownEmail, password: unknownPassword });
    expect(expected).toMatchObject({ status: 200, hashings: 1 });
    expect(JSON.parse(expected.text).data.login).toEqual({
      __typename: 'InvalidCredentials',
      message: expect.any(String),
    });
    for (const [state, email, password] of others) {
      expect([state, await seen({ email, password })]).toEqual([state, expected]);
    }
  });

  it('E3: answers the same for passwords of any length, known or not', async () => {
    const { email: known } = await gate.registerSomebody();
    const unverified = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.users SET password_hash = $2 WHERE id = $1', [
      unverified.user.id,
      hashSync('short one', 4),
    ]);
    const expected = await seen({ email: `${randomUUID()}@example.org`, password: 'of the usual length' });
    for (const length of [0, 1, 14, 64, 72, 73, 256, 257, 2_048, 4_096]) {
      const password = 'é'.repeat(length);
      const unknown = await seen({ email: `${randomUUID()}@example.org`, password });
      expect([length, unknown.text, unknown.status]).toEqual([length, expected.text, expected.status]);
      for (const email of [known, unverified.email]) {
        expect([length, await seen({ email, password })]).toEqual([length, unknown]);
      }
      expect([length, unknown.hashings]).toEqual([length, length > 256 ? 0 : 1]);
    }
  });

  it('E1: leaves one event in the audit trail: with the user where the address is known, else with the nil id', async () => {
    const ada = await gate.registerSomebody();
    const trail = async (email: string) => {
      const { headers } = await gate.send(LOGIN, { input: { email, password: 'not the passphrase' } });
      return gate.database.query('SELECT kind, user_id FROM gatehouse.audit_events WHERE request_id = $1', [
        headers.get('x-request-id'),
      ]);
    };
    expect(await trail(ada.email)).toEqual([{ kind: 'LOGIN_FAILED', user_id: ada.user.id }]);
    expect(await trail(`${randomUUID()}@example.org`)).toEqual([
      { kind: 'LOGIN_FAILED', user_id: '00000000-0000-0000-0000-000000000000' },
    ]);
  });
});

describe('many logins in one operation', () => {
  const aliased = (count: number) =>
    `mutation M($i: LoginInput!) { ${Array.from({ length: count }, (_, n) => `a${n}: login(input: $i) { __typename }`).join(' ')} }`;
  const documents: [string, string][] = [
    ['2 aliases', aliased(2)],
    ['50 aliases', aliased(50)],
    ['100 aliases', aliased(100)],
    [
      'a fragment',
      `mutation M($i: LoginInput!) { a: login(input: $i) { __typename } ...F }
      fragment F on Mutation { b: login(input: $i) { __typename } }`,
    ],
    [
      'an inline fragment beside register',
      `mutation M($i: LoginInput!, $r: RegisterInput!) {
      login(input: $i) { __typename } ... on Mutation { register(input: $r) { __typename } } }`,
    ],
  ];

  it.each(documents)('B1: are refused before anything is hashed or recorded: %s', async (_name, document) => {
    const ada = await gate.registerSomebody();
    const hashings = gate.gateway.hashings();
    const i = { email: ada.email, password: ada.password };
    const { data, errors, headers } = await gate.send(document, document.includes('$r') ? { i, r: i } : { i });
    expect(data).toBeUndefined();
    expect(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED']).toContain(errors?.[0]?.extensions.code);
    expect(gate.gateway.hashings()).toBe(hashings);
    // Of this request: what was done before may still be on its way to the audit trail.
    const requestId = headers.get('x-request-id');
    const events = 'SELECT kind FROM gatehouse.audit_events WHERE request_id = $1';
    expect(requestId).not.toBeNull();
    expect(await gate.database.query(events, [requestId])).toEqual([]);
  });

  it('B1: are refused as a batch of requests, too', async () => {
    const hashings = gate.gateway.hashings();
    const one = { query: LOGIN, variables: { input: { email: 'a@x.io', password: 'x' } } };
    const response = await fetch(`${gate.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(Array.from({ length: 100 }, () => one)),
    });
    expect(response.status).toBe(400);
    expect(gate.gateway.hashings()).toBe(hashings);
  });
});
