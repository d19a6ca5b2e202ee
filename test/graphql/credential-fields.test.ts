import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway();
  ada = await gate.registerSomebody();
});
afterAll(() => gate.close());

const variables = () => ({ input: { email: ada.email, password: ada.password } });
const LOGIN = 'login(input: $input) { __typename }';
const REGISTER = 'register(input: { email: "eve@example.org", password: "a long enough passphrase" }) { __typename }';
const REFRESH = 'refreshToken(refreshToken: "x") { __typename }';

/** Nothing else may be wrong with what is sent: else the rule could be gone unseen. */
const OUR_RULE = /^An operation may hold one of these fields, once: login, register, [a-zA-Z, ]+\.$/;

/** But for the mail to whoever registered, which is written later. */
const EVENTS = "SELECT id FROM gatehouse.audit_events WHERE kind <> 'LINK_MAILED'";

/** Refused before anything ran: nothing was hashed, nothing written. */
async function expectRefused(query: string, why = OUR_RULE): Promise<void> {
  const hashings = gate.gateway.hashings();
  const events = await gate.database.query(EVENTS);
  const { status, data, errors } = await gate.send(query, variables());
  expect([query, status, data]).toEqual([query, 400, undefined]);
  for (const { extensions } of errors ?? []) expect(extensions.code).toMatch(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/);
  expect(errors?.[0]?.message).toMatch(why);
  expect(gate.gateway.hashings()).toBe(hashings);
  expect(await gate.database.query(EVENTS)).toHaveLength(events.length);
}

describe('G1: more than one credential in an operation', () => {
  const header = 'mutation ($input: LoginInput!)';
  const documents: Record<string, string> = {
    'by alias': `${header} { a: ${LOGIN} b: ${LOGIN} }`,
    'of different fields': `${header} { ${LOGIN} ${REGISTER} }`,
    'with a reauthentication': `${header} { ${LOGIN} reauthenticate(password: "x") { __typename } }`,
    'with a refresh': `${header} { ${LOGIN} ${REFRESH} }`,
    'two refreshes': `mutation { a: ${REFRESH} b: ${REFRESH} }`,
    'beside an inline fragment': `${header} { a: ${LOGIN} ... { b: ${LOGIN} } }`,
    'in one inline fragment': `${header} { ... on Mutation { a: ${LOGIN} b: ${LOGIN} } }`,
    'in nested inline fragments': `${header} { ... { ... on Mutation { a: ${LOGIN} ... { b: ${LOGIN} } } } }`,
    'in a fragment': `${header} { a: ${LOGIN} ...F } fragment F on Mutation { b: ${LOGIN} }`,
    'in two fragments': `${header} { ...F ...G } fragment F on Mutation { a: ${LOGIN} } fragment G on Mutation { b: ${LOGIN} }`,
    'in fragments within fragments': `${header} { ...F } fragment F on Mutation { a: ${LOGIN} ...G } fragment G on Mutation { ... { ...H } } fragment H on Mutation { b: ${LOGIN} }`,
    'behind conditions': `mutation ($input: LoginInput!, $no: Boolean = false) { a: ${LOGIN} b: login(input: $input) @skip(if: $no) { __typename } }`,
    'behind conditions on fragments': `${header} { a: ${LOGIN} ...F @include(if: true) } fragment F on Mutation { b: ${LOGIN} }`,
    'under the alias of a harmless field': `${header} { logout: ${LOGIN} endSession: ${LOGIN} }`,
    'in one of several operations': `mutation Harmless { logout } ${header.replace('mutation', 'mutation Evil')} { a: ${LOGIN} b: ${LOGIN} }`,
  };
  for (const [name, query] of Object.entries(documents)) {
    it(`is refused ${name}, before anything is hashed`, () => expectRefused(query));
  }

  const recovery: Record<string, string> = {
    requestEmailVerification: 'requestEmailVerification',
    verifyEmail: 'verifyEmail(token: "x", password: "y") { __typename }',
    requestPasswordReset: 'requestPasswordReset(email: "ada@example.org")',
    resetPassword: 'resetPassword(input: { token: "x", password: "y" }) { __typename }',
    changePassword: 'changePassword(currentPassword: "x", newPassword: "y") { __typename }',
    requestEmailChange: 'requestEmailChange(email: "ada@example.org")',
    confirmEmailChange: 'confirmEmailChange(token: "x", password: "y") { __typename }',
    undoEmailChange: 'undoEmailChange(input: { token: "x", password: "y" }) { __typename }',
  };
  for (const [name, field] of Object.entries(recovery)) {
    it(`is refused twice, and beside a login: ${name}`, async () => {
      await expectRefused(`mutation { a: ${field} b: ${field} }`);
      await expectRefused(`${header} { ${LOGIN} ...F } fragment F on Mutation { b: ${field} }`);
    });
  }

  it('is refused in the operation that is named among several', async () => {
    const query = `mutation A($input: LoginInput!) { ${LOGIN} } mutation B($input: LoginInput!) { a: ${LOGIN} b: ${LOGIN} }`;
    const response = await fetch(`${gate.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, operationName: 'A', variables: variables() }),
    });
    expect(response.status).toBe(400);
  });

  it('B1: is refused a hundredfold', async () => {
    const some = (count: number) => Array.from({ length: count }, (_, index) => `a${index}: ${LOGIN}`).join(' ');
    for (const count of [2, 10]) await expectRefused(`${header} { ${some(count)} }`);
    // So many words are not even read.
    await expectRefused(`${header} { ${some(100)} }`, /^Syntax Error: Document contains more/);
  });
});

describe('one credential in an operation', () => {
  it('is taken, also through fragments and beside other fields', async () => {
    const documents = [
      `mutation ($input: LoginInput!) { ${LOGIN} }`,
      `mutation ($input: LoginInput!) { __typename ${LOGIN} logout }`,
      `mutation ($input: LoginInput!) { ...F } fragment F on Mutation { ... { ${LOGIN} } }`,
      // The payload has a field of that name, too.
      'mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { refreshToken a: refreshToken } __typename } }',
    ];
    for (const query of documents) {
      const { data } = await gate.send(query, variables());
      expect([query, data?.login?.__typename]).toEqual([query, 'AuthPayload']);
    }
  });

  it('is taken from the operation that is named, where each has one', async () => {
    const query = `mutation A($input: LoginInput!) { ${LOGIN} } mutation B { ${REFRESH} }`;
    const response = await fetch(`${gate.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, operationName: 'A', variables: variables() }),
    });
    expect(await response.json()).toEqual({ data: { login: { __typename: 'AuthPayload' } } });
  });
});
