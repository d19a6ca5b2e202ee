// What a guard costs per field and a check of an access token per token, in turns in one run: `npm run bench:guards`.
import { strict as assert } from 'node:assert';
import process from 'node:process';
import { execute, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql';
import jwt from 'jsonwebtoken';
import { Auth } from '../dist/src/graphql/auth.js';
import { createEnforce } from '../dist/src/graphql/policy/enforce.js';
import { guardSchema } from '../dist/src/graphql/policy/guard-schema.js';
import { policyExtensions } from '../dist/src/graphql/policy/policy.js';
import { markPublic } from '../dist/src/graphql/public.js';
import { systemClock } from '../dist/src/platform/clock.js';
import { systemRandom } from '../dist/src/platform/random.js';
import { createIssueAccessToken } from '../dist/src/session/access-token/issue-access-token.js';
import { generateSigningKeys, parseSigningKeys } from '../dist/src/session/access-token/signing-keys.js';
import { createVerifyAccessToken } from '../dist/src/session/access-token/verify-access-token.js';
import { createVerifier } from '../packages/verify/dist/index.js';

const ROUNDS = 15;
const ITEMS = 1000;
const FIELDS = 10;
const TOKENS = 300;
const ISSUER = 'https://auth.example.org';

const random = systemRandom(systemClock);
const identity = {
  userId: random.id(),
  sessionId: random.id(),
  generation: 0,
  authEpoch: 0,
  roles: ['EDITOR', 'ADMIN'],
  scopes: ['notes:read', 'notes:write'],
  authTime: systemClock.now(),
  amr: ['pwd'],
};

/** Microseconds for one of `count`, of each in turns; the median of the rounds after a warm-up. */
async function inTurns(contestants, count) {
  const taken = new Map(Object.keys(contestants).map((name) => [name, []]));
  for (let round = -3; round < ROUNDS; round += 1) {
    const order = Object.entries(contestants);
    // Nobody always comes first.
    for (const [name, run] of [
      ...order.slice((round + 3) % order.length),
      ...order.slice(0, (round + 3) % order.length),
    ]) {
      const began = performance.now();
      await run();
      if (round >= 0) taken.get(name).push(((performance.now() - began) * 1000) / count);
    }
  }
  const median = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
  return new Map([...taken].map(([name, values]) => [name, median(values)]));
}

function report(title, unit, rows) {
  process.stdout.write(`\n| ${title} | microseconds per ${unit} | ratio |\n|---|---|---|\n`);
  for (const [name, micros, base] of rows) {
    process.stdout.write(`| ${name} | ${micros.toFixed(2)} | ${(micros / base).toPrecision(2)} |\n`);
  }
}

/** A list of objects whose fields bear the policy, or none, resolved as TypeGraphQL resolves a plain field. */
function listOf(policy) {
  const resolve = async (source) => source.text;
  const extensions = policy === null ? {} : policyExtensions(policy);
  const field = () => ({ type: GraphQLString, resolve, extensions });
  const fields = Object.fromEntries(Array.from({ length: FIELDS }, (_, index) => [`f${index}`, field()]));
  const item = new GraphQLObjectType({ name: 'Item', fields });
  const items = Array.from({ length: ITEMS }, () => ({ text: 'x' }));
  const list = { type: new GraphQLNonNull(new GraphQLList(item)), resolve: () => items };
  const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { list } }) });
  markPublic(schema.getQueryType().getFields().list);
  const enforce = createEnforce({ clock: systemClock, onForbidden: () => Promise.reject(new Error('refused')) });
  guardSchema({ schema, resolvers: [], enforce });
  const document = parse(`{ list { ${Object.keys(fields).join(' ')} } }`);
  return async () => {
    const auth = new Auth('Bearer', { authenticate: () => ({ state: 'authenticated', identity }) });
    const { data, errors } = await execute({ schema, document, contextValue: { auth } });
    assert.equal(errors, undefined);
    assert.equal(data.list.length, ITEMS);
  };
}

const guards = await inTurns(
  {
    'no guard': listOf(null),
    'signed in': listOf({}),
    'a role': listOf({ roles: ['ADMIN'] }),
    'a role, two scopes and an age': listOf({
      roles: ['ADMIN'],
      scopes: ['notes:read', 'notes:write'],
      maxAgeSeconds: 600,
    }),
  },
  ITEMS * FIELDS,
);
report(
  `a field of a list of ${ITEMS}`,
  'field',
  [...guards].map(([name, micros]) => [name, micros, guards.get('no guard')]),
);

const keys = parseSigningKeys(generateSigningKeys());
const token = { issuer: ISSUER, audience: ISSUER };
const issue = createIssueAccessToken({ keys, ...token, ttlSeconds: 900, clock: systemClock, random });
const sessionExpiresAt = new Date(Date.now() + 86_400_000);
const tokens = Array.from({ length: TOKENS }, () => issue({ identity, sessionExpiresAt }).accessToken);
const key = keys.verifying.get(keys.signing.kid);
const newVerifier = () =>
  createVerifier({ ...token, jwksUrl: `${ISSUER}/jwks`, fetch: async () => Response.json(keys.jwks) });
const newGateway = () => createVerifyAccessToken({ keys, ...token, clock: systemClock });
const warm = { verifier: newVerifier(), gateway: newGateway() };
const byVerifier = (make) => async () => {
  const verifier = make();
  for (const each of tokens) assert.equal((await verifier.verify(each)).userId, identity.userId);
};
const byGateway = (make) => () => {
  const verify = make();
  for (const each of tokens) assert.equal(verify(each).kind, 'valid');
};

const checks = await inTurns(
  {
    'jsonwebtoken alone': () => {
      for (const each of tokens) jwt.verify(each, key, { algorithms: ['ES256'], ...token });
    },
    '@gatehouse/verify, first time': byVerifier(newVerifier),
    '@gatehouse/verify, again': byVerifier(() => warm.verifier),
    'the gateway, first time': byGateway(newGateway),
    'the gateway, again': byGateway(() => warm.gateway),
  },
  TOKENS,
);
report(
  'an access token',
  'token',
  [...checks].map(([name, micros]) => [name, micros, checks.get('jsonwebtoken alone')]),
);
