// What is asked: the same for the gateway and the floor; Better Auth has a dialect of its own.
const ME = '{ me { id email emailVerified roles createdAt } }';
const REFRESH =
  'mutation R($refreshToken: String) { refreshToken(refreshToken: $refreshToken) { accessToken expiresIn refreshToken } }';
const LOGIN =
  'mutation L($input: LoginInput!) { login(input: $input) { ... on AuthPayload { accessToken expiresIn refreshToken } } }';

const json = { 'content-type': 'application/json' };
const operation = (query, variables) => JSON.stringify(variables === undefined ? { query } : { query, variables });
const ME_BODY = operation(ME);
const TYPENAME_BODY = operation('{ __typename }');

/** Takes the tokens of an answer over; throws where there are none. */
function takeTokens(person, text, name) {
  const tokens = JSON.parse(text).data?.[name];
  if (!tokens?.accessToken) throw new Error(`${name} answered ${text.slice(0, 300)}`);
  person.accessToken = tokens.accessToken;
  person.refreshToken = tokens.refreshToken;
}

function wanted(text, part) {
  if (!text.includes(part)) throw new Error(`unexpected answer: ${text.slice(0, 300)}`);
}

/** By name: the request of a person, and what is to be done with its answer (throws where it is not the wanted one). */
const gatewayRequests = {
  me: (person) => ({
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${person.accessToken}` },
    body: ME_BODY,
    check: (text) => wanted(text, '"emailVerified"'),
  }),
  refresh: (person) => ({
    method: 'POST',
    headers: json,
    body: operation(REFRESH, { refreshToken: person.refreshToken }),
    check: (text) => takeTokens(person, text, 'refreshToken'),
  }),
  login: (person) => ({
    method: 'POST',
    headers: json,
    body: operation(LOGIN, { input: { email: person.email, password: person.password } }),
    check: (text) => takeTokens(person, text, 'login'),
  }),
  typename: () => ({ method: 'POST', headers: json, body: TYPENAME_BODY, check: (text) => wanted(text, 'Query') }),
};

const betterAuthRequests = {
  me: (person) => ({
    method: 'GET',
    path: '/api/auth/get-session',
    headers: { authorization: `Bearer ${person.accessToken}` },
    check: (text) => wanted(text, '"emailVerified"'),
  }),
  login: (person) => ({
    method: 'POST',
    path: '/api/auth/sign-in/email',
    headers: json,
    body: JSON.stringify({ email: person.email, password: person.password }),
    check: (text) => wanted(text, '"token"'),
  }),
};

/** The requests of a dialect: `gateway` (the floor's, too) or `better-auth`. */
export const requestsOf = (dialect) => (dialect === 'better-auth' ? betterAuthRequests : gatewayRequests);
