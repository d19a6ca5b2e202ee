import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Data, GOOD_PASSWORD, LOGIN, LOGOUT, type Person, REFRESH, REGISTER } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway();
  ada = await gate.registerSomebody();
});
afterAll(() => gate.close());

const END_SESSION = 'mutation EndSession($id: ID!) { endSession(id: $id) }';
const EMAIL_MALFORMED = { code: 'BAD_USER_INPUT', argument: ['input', 'email'] };
const PASSWORD_MALFORMED = { code: 'BAD_USER_INPUT', argument: ['input', 'password'] };
const INPUT_MALFORMED = { code: 'BAD_USER_INPUT', argument: ['input'] };
const newEmail = () => `${randomUUID()}@example.org`;

/** All that the gateway has stored and hashed, but for refresh tokens in use. */
async function state(): Promise<unknown> {
  const rows = await gate.database.query(`SELECT (SELECT count(*) FROM gatehouse.users) AS users,
    (SELECT json_agg(u ORDER BY id) FROM gatehouse.users u) AS user_rows,
    (SELECT count(*) FROM gatehouse.user_emails) AS emails,
    (SELECT json_agg(json_build_array(id, generation, revoked_at) ORDER BY id) FROM gatehouse.refresh_sessions) AS sessions,
    (SELECT count(*) FROM gatehouse.audit_events WHERE kind <> 'LINK_MAILED') AS events`);
  return [rows, gate.gateway.hashings()];
}

/** Sends a body as it stands. */
async function sendBody(body: string): Promise<{ status: number; text: string; json: Data }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${gate.url}/graphql`, { method: 'POST', headers, body });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text) };
}

/** C0, DEL, C1 and what ends a line elsewhere. */
const CONTROL_CHARACTERS = [
  ...Array.from({ length: 32 }, (_, index) => index),
  ...Array.from({ length: 33 }, (_, index) => 0x7f + index),
  0x2028,
  0x2029,
].map((code) => String.fromCodePoint(code));

describe('control characters', () => {
  const around = (text: string, character: string) => [
    `${character}${text}`,
    `${text.slice(0, 3)}${character}${text.slice(3)}`,
    `${text}${character}`,
  ];

  it('I6: in an e-mail address are refused at register and login, each of them, wherever it stands', async () => {
    const before = await state();
    for (const character of CONTROL_CHARACTERS) {
      for (const email of around('abcdef@x.io', character)) {
        for (const document of [REGISTER, LOGIN]) {
          const { errors } = await gate.send(document, { input: { email, password: GOOD_PASSWORD } });
          expect([escape(email), errors?.[0]?.extensions]).toEqual([escape(email), EMAIL_MALFORMED]);
        }
      }
    }
    expect(await state()).toEqual(before);
  });

  it('I6: in a new password are refused, each of them, wherever it stands', async () => {
    const before = await state();
    for (const character of CONTROL_CHARACTERS) {
      for (const password of around(GOOD_PASSWORD, character)) {
        const { errors } = await gate.send(REGISTER, { input: { email: 'abcdef@x.io', password } });
        expect([escape(password), errors?.[0]?.extensions]).toEqual([escape(password), PASSWORD_MALFORMED]);
      }
    }
    expect(await state()).toEqual(before);
  });

  it('I6: in the password of a login are no password of anybody, and hash nothing', async () => {
    const hashings = gate.gateway.hashings();
    for (const character of CONTROL_CHARACTERS) {
      const { data } = await gate.send(LOGIN, { input: { email: ada.email, password: `${ada.password}${character}` } });
      expect([escape(character), data?.login.__typename]).toEqual([escape(character), 'InvalidCredentials']);
    }
    expect(gate.gateway.hashings()).toBe(hashings);
  });

  it('I6: in a refresh token or a session id refuse them, and change nothing', async () => {
    const before = await state();
    const accessToken = ada.accessToken;
    for (const character of CONTROL_CHARACTERS) {
      const refreshed = await gate.refresh(`${ada.refreshToken}${character}`);
      const extensions = { code: 'UNAUTHENTICATED', reason: 'INVALID_GRANT' };
      expect([escape(character), refreshed.errors?.[0]?.extensions]).toEqual([escape(character), extensions]);
      const out = await gate.send(LOGOUT, { refreshToken: `${character}${ada.refreshToken}` });
      expect([escape(character), out.data]).toEqual([escape(character), { logout: true }]);
      const ended = await gate.send(END_SESSION, { id: `${ada.session.id}${character}` }, { accessToken });
      expect([escape(character), ended.data]).toEqual([escape(character), { endSession: false }]);
    }
    expect(await state()).toEqual(before);
  });
});

describe('input of another shape', () => {
  const password = GOOD_PASSWORD;
  const shapes: [string, unknown, ...string[]][] = [
    ['nothing', undefined],
    ['null', null],
    ['a string', 'a@x.io'],
    ['a number', 7],
    [
      'a list of two',
      [
        { email: 'a@x.io', password },
        { email: 'b@x.io', password },
      ],
    ],
    ['an empty object', {}],
    ['no password', { email: 'a@x.io' }],
    ['no e-mail address', { password }],
    ['a null password', { email: 'a@x.io', password: null }, 'password'],
    ['a null e-mail address', { email: null, password }, 'email'],
    ['a null delivery', { email: 'a@x.io', password, tokenDelivery: null }, 'tokenDelivery'],
    ['an unknown delivery', { email: 'a@x.io', password, tokenDelivery: 'HEADER' }, 'tokenDelivery'],
    ['a delivery in small letters', { email: 'a@x.io', password, tokenDelivery: 'body' }, 'tokenDelivery'],
    ['a number for an e-mail address', { email: 7, password }, 'email'],
    ['a truth value for a password', { email: 'a@x.io', password: true }, 'password'],
    ['a list for an e-mail address', { email: ['a@x.io'], password }, 'email'],
    ['an object for a password', { email: 'a@x.io', password: { $ne: null } }, 'password'],
    ['an operator for an e-mail address', { email: { $gt: '' }, password }, 'email'],
    ['input within the input', { input: { email: 'a@x.io', password } }],
    ['a field too many', { email: 'a@x.io', password, remember: true }],
  ];

  it.each(shapes)(
    'I9, I10: %s is refused by register and login, is not repeated, and changes nothing',
    async (_name, input, ...path) => {
      const before = await state();
      for (const document of [REGISTER, LOGIN]) {
        const { errors, text, data } = await gate.send(document, { input });
        expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument: ['input', ...path] });
        expect(data ?? null).toBeNull();
        expect(text).not.toContain(password);
      }
      expect(await state()).toEqual(before);
    },
  );

  const FIELDS = [
    'roles: ["ADMIN"]',
    'role: ADMIN',
    'id: "1"',
    'verified: true',
    'emailVerified: true',
    'expiresAt: "2099-01-01"',
    'authEpoch: 9',
  ];
  it.each(FIELDS)('P4: the field %s is refused in inputs, as a variable and in the document', async (field) => {
    const before = await state();
    const [name = '', value = ''] = field.split(': ');
    const given = { email: newEmail(), password, [name]: value.replaceAll('"', '') };
    for (const [operation, document] of [
      ['register', REGISTER],
      ['login', LOGIN],
    ] as const) {
      const variable = await gate.send(document, { input: given });
      expect(variable.errors?.[0]?.extensions).toEqual(INPUT_MALFORMED);
      const inline = `mutation { ${operation}(input: { email: "a@x.io", password: "${password}", ${field} }) { __typename } }`;
      const literal = await gate.send(inline);
      expect(literal.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      expect(literal.text).not.toContain(password);
    }
    expect(await state()).toEqual(before);
  });

  it('I9: nested, absent and wrong-typed arguments of every other mutation are refused, and change nothing', async () => {
    const before = await state();
    const { accessToken } = ada;
    const wrong: unknown[] = [7, true, ['x', 'y'], { $ne: null }, {}, [[]]];
    for (const value of wrong) {
      for (const document of [REFRESH, LOGOUT]) {
        const { errors } = await gate.send(document, { refreshToken: value }, { accessToken });
        expect([value, errors?.[0]?.extensions]).toEqual([
          value,
          { code: 'BAD_USER_INPUT', argument: ['refreshToken'] },
        ]);
      }
    }
    for (const value of [undefined, null, true, 1.5, ['x', 'y'], { $ne: null }]) {
      const { errors } = await gate.send(END_SESSION, { id: value }, { accessToken });
      expect([value, errors?.[0]?.extensions]).toEqual([value, { code: 'BAD_USER_INPUT', argument: ['id'] }]);
    }
    for (const document of [
      'mutation { endSession }',
      'mutation { endSession(id: null) }',
      'mutation { endSession(id: "x", all: true) }',
      'mutation { endOtherSessions(userId: "x") }',
      'mutation { logoutEverywhere(userId: "x") }',
      'mutation { logout(session: "x") }',
      'mutation { refreshToken(refreshToken: 7) { accessToken } }',
      'mutation { register { __typename } }',
      'mutation { login(input: null) { __typename } }',
    ]) {
      const { errors } = await gate.send(document, {}, { accessToken });
      expect([document, errors?.[0]?.extensions.code]).toEqual([document, 'GRAPHQL_VALIDATION_FAILED']);
    }
    expect(await state()).toEqual(before);
  });
});

describe('SQL and ids', () => {
  it('I10: SQL in an e-mail address is refused, or is an address and nothing more', async () => {
    const before = await state();
    for (const email of [
      "a@x.io' OR '1'='1",
      "' OR 1=1 --",
      "a@x.io'; DROP TABLE gatehouse.users; --",
      '$1',
      "\\'@x.io",
    ]) {
      const { errors } = await gate.send(LOGIN, { input: { email, password: GOOD_PASSWORD } });
      expect([email, errors?.[0]?.extensions]).toEqual([email, EMAIL_MALFORMED]);
    }
    expect(await state()).toEqual(before);
    const literal = "'or'1'='1@x.io";
    expect((await gate.send(LOGIN, { input: { email: literal, password: GOOD_PASSWORD } })).data.login.__typename).toBe(
      'InvalidCredentials',
    );
    const { user } = await gate.registerSomebody({ email: literal });
    expect(user.email).toBe(literal);
    expect((await gate.login({ email: literal, password: GOOD_PASSWORD })).user.id).toBe(user.id);
  });

  it('I10: SQL in a password, a user agent or a token is a value, and never a part of a statement', async () => {
    const password = "canary'); DROP TABLE gatehouse.users; --";
    const headers = { 'user-agent': "canary'; DROP TABLE gatehouse.users; --" };
    const bob = await gate.registerSomebody({ password, headers });
    expect((await gate.login(bob, { headers })).session).toMatchObject({ userAgent: headers['user-agent'] });
    expect((await gate.refresh("'; SELECT pg_sleep(5); --")).tokens).toBeNull();
    const statements = await gate.database.query<{ query: string }>(
      "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gatehouse'",
    );
    const text = statements.map(({ query }) => query).join('\n');
    expect(text).toContain('$1');
    for (const value of ['canary', 'pg_sleep', bob.email, bob.user.id]) expect(text).not.toContain(value);
  });

  it('I11: null, absent, foreign and nonsensical ids and tokens reach nobody', async () => {
    const bob = await gate.registerSomebody();
    const before = await state();
    const { accessToken } = ada;
    const NIL = '00000000-0000-0000-0000-000000000000';
    for (const id of [
      bob.session.id,
      bob.session.id.toUpperCase(),
      bob.user.id,
      ada.user.id,
      NIL,
      randomUUID(),
      '',
      '%',
      '0',
      `{${ada.session.id}}`,
    ]) {
      const { data } = await gate.send(END_SESSION, { id }, { accessToken });
      expect([id, data]).toEqual([id, { endSession: false }]);
    }
    expect((await gate.send(REFRESH, { refreshToken: null })).errors?.[0]?.extensions.reason).toBe('NO_TOKEN');
    expect((await gate.send(REFRESH, {})).errors?.[0]?.extensions.reason).toBe('NO_TOKEN');
    expect((await gate.send(LOGOUT, { refreshToken: null })).data).toEqual({ logout: true });
    for (const refreshToken of ['', ' ', bob.session.id, bob.user.id, 'null', 'undefined']) {
      expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions.reason).toBe('INVALID_GRANT');
    }
    expect(await state()).toEqual(before);
    expect((await gate.me()).data).toEqual({ me: null });
  });
});

describe('prototypes', () => {
  const input = () => `"email":"${newEmail()}","password":"${GOOD_PASSWORD}"`;
  const query = JSON.stringify(REGISTER);
  const bodies = (): [string, string][] => [
    ['__proto__ in the body', `{"query":${query},"variables":{"input":{${input()}}},"__proto__":{"roles":["ADMIN"]}}`],
    [
      '__proto__ in the variables',
      `{"query":${query},"variables":{"__proto__":{"input":{${input()}}},"input":{${input()}}}}`,
    ],
    [
      '__proto__ in the input',
      `{"query":${query},"variables":{"input":{${input()},"__proto__":{"tokenDelivery":"COOKIE","roles":["ADMIN"]}}}}`,
    ],
    [
      'an escaped __proto__',
      `{"query":${query},"variables":{"input":{${input()},"\\u005f_proto__":{"roles":["ADMIN"]}}}}`,
    ],
    [
      'constructor.prototype',
      `{"query":${query},"variables":{"input":{${input()},"constructor":{"prototype":{"roles":["ADMIN"]}}}}}`,
    ],
    ['constructor as a field', `{"query":${query},"variables":{"input":{${input()},"constructor":"x"}}}`],
    [
      '__proto__ in a literal',
      JSON.stringify({
        query: `mutation { register(input: { email: "a@x.io", password: "${GOOD_PASSWORD}", __proto__: { roles: ["ADMIN"] } }) { __typename } }`,
      }),
    ],
    ['toString as an operation', JSON.stringify({ query: 'query A { __typename }', operationName: 'toString' })],
  ];

  it('I12: are out of reach of variables and bodies', async () => {
    const before = await state();
    for (const [name, body] of bodies()) {
      const { status, json } = await sendBody(body);
      expect([name, status]).toEqual([name, 400]);
      expect([name, json.data ?? null]).toEqual([name, null]);
    }
    expect(await state()).toEqual(before);
  });

  it('I12: are as they were, as behaviour shows', async () => {
    for (const [, body] of bodies()) await sendBody(body);
    const variables = {
      input: { email: newEmail(), password: GOOD_PASSWORD },
      constructor: { x: 1 },
      hasOwnProperty: 1,
    };
    const { data } = await gate.send(REGISTER, variables);
    expect(data.register).toMatchObject({
      __typename: 'AuthPayload',
      refreshToken: expect.any(String),
      user: { roles: [] },
    });
    expect((await gate.send(REGISTER, { input: { email: newEmail() } })).errors?.[0]?.extensions).toEqual(
      INPUT_MALFORMED,
    );
    expect((await gate.me()).data).toEqual({ me: null });
    expect({}).not.toHaveProperty('roles');
  });
});

describe('huge input', () => {
  it('I13: of 100 KB is refused before it is read', async () => {
    const hashings = gate.gateway.hashings();
    const variables = { input: { email: `${'a'.repeat(100 * 1024)}@x.io`, password: GOOD_PASSWORD } };
    const { status } = await sendBody(JSON.stringify({ query: REGISTER, variables }));
    expect(status).toBe(413);
    expect(gate.gateway.hashings()).toBe(hashings);
  });

  it('I13: within the limit is malformed, and hashes nothing', async () => {
    const before = await state();
    const emails = [
      `a@${'a.'.repeat(10_000)}io`,
      `${'a.'.repeat(10_000)}a@x.io`,
      'a'.repeat(90_000),
      '@'.repeat(90_000),
      `a@${'-'.repeat(90_000)}`,
    ];
    for (const email of emails) {
      for (const document of [REGISTER, LOGIN]) {
        const { errors, text } = await gate.send(document, { input: { email, password: GOOD_PASSWORD } });
        expect(errors?.[0]?.extensions).toEqual(EMAIL_MALFORMED);
        expect(text.length).toBeLessThan(1_000);
      }
    }
    expect(await state()).toEqual(before);
  });
});
