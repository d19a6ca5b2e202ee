import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ LOG_LEVEL: 'trace' });
});
afterAll(() => gate.close());

const CANARY = 'canary-in-a-literal';

describe('variables that graphql-js refuses only when it executes', () => {
  const operations = [
    [`mutation($e: String = "") { login(input: { email: $e, password: "${CANARY}" }) { __typename } }`, { e: null }],
    [`mutation($e: String = "") { register(input: { email: $e, password: "${CANARY}" }) { __typename } }`, { e: null }],
    [
      `mutation($d: TokenDelivery = BODY) {
         login(input: { email: "a@x.io", password: "${CANARY}", tokenDelivery: $d }) { __typename } }`,
      { d: null },
    ],
    ['query($b: Boolean = true) { me @include(if: $b) { id } }', { b: null }],
  ] as const;

  it.each(operations)('L1: answers BAD_USER_INPUT and logs nothing of the literals: %s', async (query, variables) => {
    const { errors, text } = await gate.send(query, variables);
    expect(errors?.[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      argument: [expect.stringMatching(/^(input|if)$/)],
    });
    expect(text).not.toContain(CANARY);
    expect(gate.logLines.filter((line) => line.includes(CANARY) || line.includes('internal_error'))).toEqual([]);
  });
});

it('refuses an operation of a kind that the schema does not have', async () => {
  const { status, errors } = await gate.send('subscription { x }');
  expect(status).toBe(400);
  expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
});

it('I13: refuses thousands of unknown fields in a variable before it looks at each', async () => {
  const input = Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`a${index}`, 0]));
  const { status, errors } = await gate.send('mutation($i: LoginInput!) { login(input: $i) { __typename } }', {
    i: input,
  });
  expect(status).toBe(400);
  expect(errors).toEqual([
    expect.objectContaining({
      message: 'The variables hold 9001 entries, at most 500.',
      extensions: { code: 'BAD_USER_INPUT', argument: ['i'] },
    }),
  ]);
});

it('ends the session at logout although the roles have changed since the access token was issued', async () => {
  const ada = await gate.registerSomebody();
  await gate.database.query(
    `WITH changed AS (UPDATE gatehouse.users SET auth_epoch = 1 WHERE id = $1 RETURNING id)
     INSERT INTO gatehouse.auth_changes (id, user_id, auth_epoch, at)
     SELECT gen_random_uuid(), id, 1, clock_timestamp() FROM changed`,
    [ada.user.id],
  );
  await waitUntil('the change is known', async () => (await gate.me(ada.accessToken)).errors !== undefined);
  expect((await gate.send('mutation { logout }', {}, ada)).data).toEqual({ logout: true });
  expect((await gate.refresh(ada.refreshToken)).tokens).toBeNull();
});
