import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { startTestGateway, type TestGateway, testConfig } from '../support/test-gateway.js';

type Sibling = Awaited<ReturnType<TestGateway['startSibling']>>;

let development: TestGateway;
let production: Sibling;
let closed: Sibling;
let open: Sibling;
beforeAll(async () => {
  development = await startTestGateway();
  const config = (isProduction: boolean, settings: Record<string, string> = {}) => {
    const base = testConfig(settings);
    return {
      ...base,
      isProduction,
      hasIntrospection: settings['INTROSPECTION'] ? base.hasIntrospection : !isProduction,
    };
  };
  [production, closed, open] = await Promise.all([
    development.startSibling({ config: config(true) }),
    development.startSibling({ config: config(false, { INTROSPECTION: 'false' }) }),
    development.startSibling({ config: config(true, { INTROSPECTION: 'true' }) }),
  ]);
});
afterAll(async () => {
  await Promise.all([production, closed, open].map(({ gateway }) => gateway.close()));
  await development.close();
});

const QUESTIONS = [
  getIntrospectionQuery(),
  '{ __schema { types { name } } }',
  '{ __type(name: "User") { name fields { name } } }',
  '{ a: __schema { queryType { name } } }',
  '{ ...F } fragment F on Query { __schema { queryType { name } } }',
  'mutation { __typename } query Q { __schema { queryType { name } } }',
];
/** Slips that graphql-js would help along with a name from the schema. */
const TYPOS = [
  '{ mee { id } }',
  '{ me { emial } }',
  'mutation { logn { __typename } }',
  'mutation { logout(refreshTokn: "x") }',
  'mutation { login(input: { emial: "x", password: "x" }) { __typename } }',
  'mutation { login(input: { email: "x", password: "x", tokenDelivery: BODDY }) { __typename } }',
  'query ($a: LoginInputt) { me { id } }',
  '{ me { ... on Usr { id } } }',
  'mutation { login(input: { email: "x", password: "x" }) { ... on AuthPayloads { tokenType } } }',
  '{ me @inclde(if: true) { id } }',
];

describe('G11: introspection', () => {
  it('is refused in production, and where it is switched off', async () => {
    for (const client of [production, closed]) {
      for (const query of QUESTIONS) {
        const { status, data, errors } = await client.send(query);
        expect([query, status, data]).toEqual([query, 400, undefined]);
        expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      }
    }
  });

  it('answers in development, and in production where it is switched on', async () => {
    for (const client of [development, open]) {
      const { data } = await client.send('{ __schema { queryType { name } } __type(name: "User") { name } }');
      expect(data).toEqual({ __schema: { queryType: { name: 'Query' } }, __type: { name: 'User' } });
    }
  });

  it('leaves __typename alone', async () => {
    expect((await production.send('{ __typename }')).data).toEqual({ __typename: 'Query' });
  });
});

describe('G11: a slip of the pen', () => {
  it('is answered without a suggestion in production, and where introspection is off', async () => {
    for (const client of [production, closed, open]) {
      for (const query of TYPOS) {
        const { status, text } = await client.send(query);
        expect(status).toBe(400);
        expect([query, /did you mean/i.test(text)]).toEqual([query, false]);
      }
    }
  });

  it('is helped along in development', async () => {
    expect((await development.send(TYPOS[0] ?? '')).text).toContain('Did you mean');
  });
});

describe('a refused operation', () => {
  it('says only words of production’s own there', async () => {
    const { errors } = await production.send('{ me { id } ');
    expect(errors?.[0]?.extensions).toEqual({ code: 'GRAPHQL_PARSE_FAILED' });
    const unknown = await production.send('{ me { passwordHash } }');
    expect(Object.keys(unknown.errors?.[0] ?? {}).sort()).toEqual(['extensions', 'locations', 'message']);
  });
});
