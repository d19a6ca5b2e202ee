import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GraphqlAnswer } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { CANARY, failures, ProbeResolver } from './probe.resolver.js';

const SECRET = 'hunter2-canary';
const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
const REGISTER = 'mutation ($input: RegisterInput!) { register(input: $input) { __typename } }';

/** Development tells most, and a gateway with our probes is one like any other. */
let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ LOG_LEVEL: 'trace' }, { resolvers: [ProbeResolver] });
});
afterAll(() => gate.close());

function logOf(requestId: string | null): { event: string; err?: { message: string } }[] {
  return gate.logLines.map((line) => JSON.parse(line)).filter((line) => line.requestId === requestId);
}

/** The one error of an answer that nothing went wrong with on the way. */
function errorOf({ status, errors }: GraphqlAnswer) {
  expect([status, errors?.length]).toEqual([200, 1]);
  return errors?.[0];
}

describe('G12: a fault of ours', () => {
  it('is told by a constant text and the id under which the log has it, whatever was thrown', async () => {
    for (const how of Object.keys(failures)) {
      const answer = await gate.send('query ($how: String!) { fail(how: $how) }', { how });
      const requestId = answer.headers.get('x-request-id');
      expect([how, errorOf(answer)]).toEqual([
        how,
        {
          message: 'Something went wrong on our side.',
          path: ['fail'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
        },
      ]);
      expect(answer.text).not.toContain('canary');
      expect(answer.text).not.toMatch(/stack|\.ts|\.js|node_modules/);
      const logged = logOf(requestId).filter(({ event }) => event === 'internal_error');
      expect([how, logged.length]).toEqual([how, 1]);
      if (!['text', 'object'].includes(how)) expect(logged[0]?.err?.message).toBe(CANARY);
    }
  });

  it('is masked where a field breaks its promise not to be null', async () => {
    const answer = await gate.send('{ nothing }');
    expect(errorOf(answer)?.message).toBe('Something went wrong on our side.');
    expect(logOf(answer.headers.get('x-request-id')).map(({ event }) => event)).toContain('internal_error');
  });

  it('is masked where a statement fails', async () => {
    const ada = await gate.registerSomebody();
    await gate.database.query('ALTER TABLE gatehouse.users RENAME TO elsewhere');
    const answers = [
      await gate.me(ada.accessToken),
      await gate.refresh(ada.refreshToken),
      await gate.send(LOGIN, { input: { email: ada.email, password: ada.password } }),
      await gate.send(REGISTER, { input: { email: 'new@example.org', password: 'a long enough passphrase' } }),
    ];
    await gate.database.query('ALTER TABLE gatehouse.elsewhere RENAME TO users');
    for (const answer of answers) {
      const requestId = answer.headers.get('x-request-id');
      expect(errorOf(answer)?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId });
      expect(answer.text).not.toMatch(/relation|SELECT|INSERT|gatehouse|users/);
      expect(logOf(requestId).find(({ event }) => event === 'internal_error')?.err?.message).toContain(
        'does not exist',
      );
    }
    expect((await gate.me(ada.accessToken)).data.me.id).toBe(ada.user.id);
  });

  it('does not take the place of the other fields', async () => {
    const answer = await gate.send('{ fail(how: "plain") me { id } }');
    expect(answer.data).toEqual({ fail: null, me: null });
    expect(answer.errors).toHaveLength(1);
  });
});

describe('a malformed argument', () => {
  it('is named by its path, wherever the variable stands', async () => {
    const good = { email: 'ada@example.org', password: 'p' };
    const cases: [string, Record<string, unknown>, string[]][] = [
      [LOGIN, { input: { ...good, password: 5 } }, ['input', 'password']],
      [LOGIN, { input: { ...good, password: null } }, ['input', 'password']],
      [LOGIN, { input: { email: good.email } }, ['input']],
      [LOGIN, { input: { ...good, tokenDelivery: SECRET } }, ['input', 'tokenDelivery']],
      [LOGIN, { input: SECRET }, ['input']],
      [LOGIN, { input: null }, ['input']],
      [LOGIN, {}, ['input']],
      [
        'mutation ($i: LoginInput!) { login(input: $i) { __typename } }',
        { i: { ...good, email: 5 } },
        ['input', 'email'],
      ],
      [
        'mutation ($p: String!) { login(input: { email: "a@b.de", password: $p }) { __typename } }',
        { p: [SECRET] },
        ['input', 'password'],
      ],
      [
        'mutation ($t: String) { refreshToken(refreshToken: $t) { tokenType } }',
        { t: { t: SECRET } },
        ['refreshToken'],
      ],
      ['query ($n: [Int!]!) { sum(numbers: $n) }', { n: [1, 2, 2 ** 31] }, ['numbers', '2']],
      ['query ($n: [Int!]!) { sum(numbers: $n) }', { n: [1, -(2 ** 31) - 1] }, ['numbers', '1']],
      ['mutation ($id: ID!) { endSession(id: $id) }', { id: 1.5 }, ['id']],
    ];
    for (const [query, variables, argument] of cases) {
      const { errors, text } = await gate.send(query, variables);
      expect([variables, errors?.map(({ extensions }) => extensions)]).toEqual([
        variables,
        [{ code: 'BAD_USER_INPUT', argument }],
      ]);
      expect(text).not.toContain(SECRET);
    }
  });

  it('is named once for each fault', async () => {
    const { errors } = await gate.send(LOGIN, { input: { email: 1, password: 2, tokenDelivery: 3 } });
    expect(errors?.map(({ extensions }) => extensions.argument)).toEqual([
      ['input', 'email'],
      ['input', 'password'],
      ['input', 'tokenDelivery'],
    ]);
  });

  it('is told the same way by the rules of our own', async () => {
    for (const query of [LOGIN, REGISTER]) {
      const { errors, text } = await gate.send(query, { input: { email: `${SECRET}@`, password: SECRET } });
      expect(errors?.map(({ extensions }) => extensions)).toEqual([
        { code: 'BAD_USER_INPUT', argument: ['input', 'email'] },
      ]);
      expect(text).not.toContain(SECRET);
    }
  });

  it('G15: is bounded in number, and never a fault of ours', async () => {
    const { errors, text } = await gate.send('query ($n: [Int!]!) { sum(numbers: $n) }', {
      n: Array.from({ length: 4_000 }, () => SECRET),
    });
    expect(errors?.length).toBeLessThanOrEqual(51);
    expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(text).not.toContain(SECRET);
  });
});

describe('a password in a malformed operation', () => {
  const login = (fields: string) => `mutation { login(input: { email: "a@example.org", ${fields} }) { __typename } }`;
  const documents: Record<string, string> = {
    'a name for a text': login('password: hunter2_canary'),
    'a number': login('password: 20772277'),
    'a fraction': login('password: 20772277.5'),
    'a list': login(`password: ["${SECRET}"]`),
    'an object': login(`password: { value: "${SECRET}" }`),
    'a value of the wrong enum': login(`password: "x", tokenDelivery: "${SECRET}"`),
    'an unknown value of the enum': login('password: "x", tokenDelivery: hunter2_canary'),
    'a text for an input': `mutation { login(input: "${SECRET}") { __typename } }`,
    'a block string for an input': `mutation { login(input: """${SECRET}""") { __typename } }`,
    'a text for a condition': `{ me @include(if: "${SECRET}") { id } }`,
    'a default of the wrong type': `query ($a: Int = "${SECRET}") { sum(numbers: [$a]) }`,
    'a default of the wrong shape': `mutation ($i: LoginInput! = "${SECRET}") { login(input: $i) { __typename } }`,
    'an unknown argument': `mutation { login(password: "${SECRET}") { __typename } }`,
    'an unknown field of the input': login(`password: "x", passphrase: "${SECRET}"`),
    'an unknown field': `mutation { signIn(password: "${SECRET}") { __typename } }`,
    'an unterminated string': login(`password: "${SECRET}`),
    'a string across lines': login(`password: "${SECRET}\n"`),
    'a single-quoted string': login(`password: '${SECRET}'`),
    'a string without a colon': login(`password "${SECRET}"`),
    'a string in the wrong place': `mutation { "${SECRET}" }`,
    'a block string in the wrong place': `mutation { """${SECRET}""" }`,
    'a name in the wrong place': `mutation ) hunter2_canary`,
    'a string before all else': `"${SECRET}"`,
    'a string after all else': `{ me { id } } "${SECRET}"`,
    'a broken escape': login(`password: "\\u{hunter2_canary}"`),
    'a broken short escape': login('password: "\\uhunter2_canary"'),
    'an unknown escape': login('password: "\\hunter2_canary"'),
    'a string after a number': login(`password: 20772277"${SECRET}"`),
    'too many words': login(`password: "${SECRET}" ${'x: 1 '.repeat(1_000)}`),
    'a duplicate field': login(`password: "${SECRET}", password: "${SECRET}"`),
    'two fields at odds': `mutation { login(input: { email: "a@b.de", password: "${SECRET}" }) { __typename } login(input: { email: "a@b.de", password: "x" }) { __typename } }`,
  };
  /** Any four characters in a row of what was sent would be too many. */
  const PIECES = [SECRET, 'hunter2', 'hunt', 'nter2', 'canary', '20772277', '2077'];

  for (const [name, query] of Object.entries(documents)) {
    it(`is not echoed from ${name}`, async () => {
      const { status, headers, errors, text } = await gate.send(query);
      expect(status).toBe(400);
      expect(errors?.length).toBeGreaterThan(0);
      for (const { extensions } of errors ?? []) {
        expect(extensions.code).toMatch(/^(GRAPHQL_(PARSE|VALIDATION)_FAILED|BAD_USER_INPUT)$/);
      }
      expect(PIECES.filter((piece) => text.includes(piece))).toEqual([]);
      expect(PIECES.filter((piece) => JSON.stringify(logOf(headers.get('x-request-id'))).includes(piece))).toEqual([]);
    });
  }

  it('is not echoed from variables, or from a body of the wrong shape', async () => {
    const ask = async (body: unknown) => {
      const response = await fetch(`${gate.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return response.text();
    };
    const bodies = [
      { query: LOGIN, variables: { input: { email: 'a@b.de', password: { nested: SECRET } } } },
      { query: LOGIN, variables: { input: { email: 'a@b.de', password: 'x', more: SECRET } } },
      { query: LOGIN, variables: { input: { email: 'a@b.de', password: 'x', [SECRET]: 1 } } },
      { query: LOGIN, variables: { input: [SECRET, SECRET] } },
      { query: LOGIN, variables: `{"input":"${SECRET}"}` },
      { query: LOGIN, variables: SECRET },
      { query: LOGIN, variables: [SECRET] },
      { query: LOGIN, extensions: SECRET },
      { query: { password: SECRET } },
      { query: [SECRET] },
      { password: SECRET },
      SECRET,
      [{ query: LOGIN, variables: { password: SECRET } }],
    ];
    for (const body of bodies) {
      const text = await ask(body);
      expect(JSON.parse(text).errors.length).toBeGreaterThan(0);
      expect([body, text.includes('hunter2')]).toEqual([body, false]);
      expect(text).not.toContain('INTERNAL_SERVER_ERROR');
    }
    expect(gate.logLines.join('')).not.toContain('hunter2');
  });
});
