import { createServer, type Server } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import {
  ConfigError,
  createGateway,
  type Gateway,
  type GatewayOptions,
  gatehouseEntities,
  gatehouseMigrations,
  readConfig,
  UserEntity,
} from '../src/index.js';
import { BooksResolver, type Shop } from './books.resolver.js';
import { generousLimits } from './support/generous-limits.js';
import { createGraphqlClient, type GraphqlAnswer, type GraphqlClient, type Person } from './support/graphql-client.js';
import { makeTestFolder, runMain, type TestFolder } from './support/main-run.js';
import { createDatabaseOfOwn, type TestDatabase } from './support/test-database.js';
import { waitUntil } from './support/wait-until.js';

let folder: TestFolder;
let database: TestDatabase;
let gateway: Gateway<Shop>;
let client: GraphqlClient;
let ada: Person;
beforeAll(async () => {
  folder = await makeTestFolder();
  // Not migrated: that is a part of the start.
  database = await createDatabaseOfOwn(null);
  gateway = createGateway(options());
  client = createGraphqlClient((await gateway.start()).url);
  ada = await client.registerSomebody();
});
afterAll(async () => {
  await gateway.stop();
  await database.drop();
  await folder.remove();
});

const settings = () => ({
  DATABASE_URL: database.url,
  GATEHOUSE_DATA_DIR: `${folder.path}/secrets`,
  PORT: '0',
  HASH_WORKERS: '1',
  BCRYPT_COST: '10',
  LOG_LEVEL: 'silent',
  ...generousLimits,
});

function options(changes: Record<string, string> = {}): GatewayOptions<Shop> {
  return {
    resolvers: [BooksResolver],
    config: readConfig({ ...settings(), ...changes }),
    scopesOf: (roles) => roles.map((role) => `books:${role.toLowerCase()}`),
    extendContext: (_context, { headers }) => ({
      shop: 'the corner',
      language: String(headers['accept-language'] ?? 'anything'),
    }),
  };
}

/** A migration of the application's own that needs our tables. */
class CreateShelves1764000000000 implements MigrationInterface {
  name = 'CreateShelves1764000000000';
  async up(runner: QueryRunner): Promise<void> {
    const [{ schema }] = await runner.query(
      `SELECT schemaname AS schema FROM pg_tables WHERE tablename = 'refresh_sessions'`,
    );
    await runner.query(`CREATE TABLE shelves (owner_id uuid REFERENCES "${schema}".users)`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE shelves');
  }
}

const OTHER_CONNECTIONS = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;

const NO_TOKEN = { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' };
const codesOf = ({ errors }: Pick<GraphqlAnswer, 'errors'>) => errors?.map(({ extensions }) => extensions);

describe("an application's own resolver class", () => {
  it("is served in one schema with the gateway's own, with a context that the application has added to", async () => {
    const answer = await client.send(
      '{ me { id } myBooks motto }',
      {},
      { ...ada, headers: { 'accept-language': 'Danish' } },
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({
      me: { id: ada.user.id },
      myBooks: [`The diary of ${ada.user.id}`, `A letter to ${ada.email}`],
      motto: 'Read Danish at the corner.',
    });
  });

  it('is denied to strangers, but for what is marked @Public()', async () => {
    for (const field of ['myBooks', 'bookCount', 'scopes']) {
      const answer = await client.send(`{ ${field} }`);
      expect([field, answer.data, codesOf(answer)]).toEqual([field, null, [NO_TOKEN]]);
    }
    expect((await client.send('{ motto }')).data).toEqual({ motto: 'Read * at the corner.' });
    const strangers = [
      'confirmEmailChange',
      'login',
      'logout',
      'refreshToken',
      'register',
      'requestPasswordReset',
      'resetPassword',
      'undoEmailChange',
      'verifyEmail',
    ];
    const own = [...strangers.map((name) => `Mutation.${name}`), 'Query.me'];
    expect([...gateway.publicFields].sort()).toEqual([...own, 'Query.motto']);
  });
});

describe('P7: changeRoles', () => {
  it('reaches the next operation: the old token is refused, and a refresh brings role and scopes', async () => {
    const bob = await client.registerSomebody();
    const refused = await client.send('{ bookCount }', {}, bob);
    expect([refused.data, codesOf(refused)]).toEqual([null, [{ code: 'FORBIDDEN' }]]);
    expect(await gateway.changeRoles({ userId: bob.user.id, roles: ['ADMIN', 'ADMIN'] })).toBe(true);
    expect(codesOf(await client.send('{ bookCount }', {}, bob))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' },
    ]);
    const { tokens } = await client.refresh(bob.refreshToken);
    const admin = { accessToken: tokens?.accessToken ?? '' };
    expect((await client.send('{ bookCount scopes me { roles } }', {}, admin)).data).toEqual({
      bookCount: 1,
      scopes: ['books:admin'],
      me: { roles: ['ADMIN'] },
    });
    expect(await gateway.changeRoles({ userId: bob.user.id, roles: [] })).toBe(true);
    expect(codesOf(await client.send('{ bookCount }', {}, admin))?.[0]?.['reason']).toBe('TOKEN_EXPIRED');
    const rows = await database.query<object>(
      `SELECT kind, cause FROM gatehouse.audit_events WHERE user_id = $1 AND kind NOT IN ('REGISTERED', 'LINK_MAILED') ORDER BY id`,
      [bob.user.id],
    );
    expect(rows).toEqual([
      { kind: 'AUTHORIZATION_REFUSED', cause: 'ROLE_MISSING' },
      { kind: 'ROLES_CHANGED', cause: 'ADMIN' },
      { kind: 'ROLES_CHANGED', cause: '' },
    ]);
  });

  it('reaches another process within the bound', async () => {
    const other = createGateway(options());
    const elsewhere = createGraphqlClient((await other.start()).url);
    const bob = await client.registerSomebody();
    expect((await elsewhere.send('{ scopes }', {}, bob)).data).toEqual({ scopes: [] });
    await gateway.changeRoles({ userId: bob.user.id, roles: ['CLERK'] });
    await waitUntil('the old token is refused', async () => {
      return codesOf(await elsewhere.send('{ scopes }', {}, bob))?.[0]?.['reason'] === 'TOKEN_EXPIRED';
    });
    await other.stop();
  });

  it('changes nothing where there is nothing to change, and takes no role that is none', async () => {
    const bob = await client.registerSomebody();
    expect(await gateway.changeRoles({ userId: bob.user.id, roles: [] })).toBe(false);
    expect(await gateway.changeRoles({ userId: '01890000-0000-7000-8000-000000000000', roles: ['A'] })).toBe(false);
    await expect(gateway.changeRoles({ userId: bob.user.id, roles: ['admin'] })).rejects.toThrow(TypeError);
    expect((await client.send('{ scopes }', {}, bob)).data).toEqual({ scopes: [] });
  });
});

describe('executeOperation', () => {
  it('answers as over HTTP: with and without a token, with errors as clients see them', async () => {
    const query = '{ me { id } motto }';
    expect(await gateway.executeOperation({ query }, { accessToken: ada.accessToken })).toMatchObject({
      data: { me: { id: ada.user.id }, motto: 'Read anything at the corner.' },
    });
    const { data, errors } = await gateway.executeOperation({ query: '{ myBooks }' });
    expect([data, errors?.map(({ extensions }) => extensions)]).toEqual([null, [NO_TOKEN]]);
    const credential = 'login(input: { email: "a@example.org", password: "p" }) { __typename }';
    const twice = await gateway.executeOperation({ query: `mutation { ${credential} b: ${credential} }` });
    expect(twice.errors?.[0]?.extensions?.['code']).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('signs in with the address that it is given', async () => {
    const answer = await gateway.executeOperation(
      {
        query: `mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { session { ipAddress } } } }`,
        variables: { input: { email: ada.email, password: ada.password } },
      },
      { ipAddress: '192.0.2.7' },
    );
    expect(answer.data).toEqual({ login: { session: { ipAddress: '192.0.2.7' } } });
  });
});

describe("a server of the application's own", () => {
  const login = async (url: string, headers: Record<string, string> = {}) => {
    const there = createGraphqlClient(url);
    const tokens = await there.login(ada, { headers });
    expect((await there.send('{ myBooks }', {}, tokens)).data.myBooks[0]).toBe(`The diary of ${ada.user.id}`);
    expect(codesOf(await there.send('{ myBooks }'))).toEqual([NO_TOKEN]);
    return there;
  };

  it('is Fastify with a plugin: its other routes are left alone, it opens and stops with the server', async () => {
    const mounted = createGateway(options({ ALLOWED_ORIGINS: 'https://app.example.org' }));
    const server = fastify();
    server.get('/health', async () => ({ own: true }));
    server.post('/echo', async ({ body }) => body);
    await server.register(mounted.fastifyPlugin);
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    const there = await login(url);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ own: true });
    const echo = await fetch(`${url}/echo`, { method: 'POST', body: 'a', headers: { 'content-type': 'text/plain' } });
    expect([await echo.text(), echo.headers.get('content-security-policy')]).toEqual(['a', null]);
    const graphql = await there.send('{ motto }', {}, { headers: { origin: 'https://app.example.org' } });
    expect(graphql.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    expect(graphql.headers.get('cache-control')).toBe('no-store');
    const preflight = { method: 'OPTIONS', headers: preflightHeaders };
    const [asked, other] = await Promise.all(['/graphql', '/echo'].map((path) => fetch(`${url}${path}`, preflight)));
    expect([asked?.status, asked?.headers.get('access-control-allow-credentials')]).toEqual([204, 'true']);
    expect([other?.status, other?.headers.get('access-control-allow-origin')]).toEqual([404, null]);
    const form = { method: 'POST', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect((await fetch(`${url}/graphql`, form)).status).toBe(415);
    const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: object[] };
    expect(keys).toHaveLength(1);
    await server.close();
    await expect(mounted.executeOperation({ query: '{ motto }' })).rejects.toThrow();
  });
  const preflightHeaders = {
    origin: 'https://app.example.org',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  };

  it('is Apollo Server standing alone, with the options that carry the limits', async () => {
    const mounted = createGateway(options({ TRUSTED_PROXIES: 'loopback', ALLOWED_ORIGINS: 'https://app.example.org' }));
    const apollo = new ApolloServer(await mounted.apolloOptions());
    const { url } = await startStandaloneServer(apollo, {
      listen: { port: 0, host: '127.0.0.1' },
      context: (exchange) => mounted.context(exchange),
    });
    const origin = new URL(url).origin;
    const forwarded = { 'x-forwarded-for': '198.51.100.9, 192.0.2.8' };
    const there = await login(origin, forwarded);
    const tokens = await there.login(ada, { headers: forwarded });
    expect((await there.send('{ sessions { ipAddress } }', {}, tokens)).data.sessions[0].ipAddress).toBe('192.0.2.8');
    const cookieLogin = await there.send(
      `mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { refreshToken } } }`,
      { input: { email: ada.email, password: ada.password, tokenDelivery: 'COOKIE' } },
      { headers: { origin: 'https://app.example.org' } },
    );
    expect(cookieLogin.data).toEqual({ login: { refreshToken: null } });
    const httpOnly = expect.stringMatching(/HttpOnly/);
    expect(cookieLogin.headers.getSetCookie()).toEqual([httpOnly, httpOnly]);
    expect(cookieLogin.headers.get('cache-control')).toBe('no-store');
    await apollo.stop();
    await mounted.stop();
  });
});

describe("an application's own DataSource", () => {
  it('sends the statements, knows our tables beside its own, and stays open', async () => {
    const own = await createDatabaseOfOwn(null);
    const dataSource = new DataSource({
      type: 'postgres',
      url: own.url,
      entities: [...gatehouseEntities],
      poolSize: 3,
    });
    await dataSource.initialize();
    const { DATABASE_URL: _url, ...environment } = settings();
    const mounted = createGateway({ ...options(), dataSource, config: readConfig(environment) });
    const there = createGraphqlClient((await mounted.start()).url);
    const person = await there.registerSomebody();
    const found = await dataSource.getRepository(UserEntity).findOneByOrFail({ id: person.user.id });
    expect([found.id, found.roles]).toEqual([person.user.id, []]);
    const names = await own.query<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE tablename LIKE '%migrations'`,
    );
    expect(names).toEqual([{ name: 'gatehouse.gatehouse_migrations' }]);
    await mounted.stop();
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await dataSource.destroy();
    await own.drop();
  });

  it('is made and initialized after our tables, where a function makes it, and destroyed at the stop', async () => {
    const own = await createDatabaseOfOwn(null);
    let made: DataSource | null = null;
    const mounted = createGateway({
      ...options({ DATABASE_URL: own.url }),
      dataSource: ({ url }) => {
        made = new DataSource({
          type: 'postgres',
          url,
          entities: [],
          migrations: [CreateShelves1764000000000],
          migrationsRun: true,
        });
        return made;
      },
    });
    await mounted.open();
    const dataSource = made as unknown as DataSource;
    expect(await dataSource.query('SELECT * FROM shelves')).toEqual([]);
    await mounted.stop();
    expect(dataSource.isInitialized).toBe(false);
    await own.drop();
  });

  it('keeps its list of migrations apart from ours even where "$user" is our schema', async () => {
    const own = await createDatabaseOfOwn(null);
    const schema = new URL(own.url).username;
    const config = { DATABASE_URL: own.url, DATABASE_SCHEMA: schema };
    const dataSource = ({ url }: { url: string }) =>
      new DataSource({ type: 'postgres', url, migrations: [CreateShelves1764000000000], migrationsRun: true });
    const mounted = createGateway({ ...options(config), dataSource });
    await mounted.open();
    await mounted.stop();
    const lists = await own.query<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE tablename LIKE '%migrations' ORDER BY 1`,
    );
    expect(lists).toEqual([{ name: `${schema}.gatehouse_migrations` }, { name: `${schema}.migrations` }]);
    expect(await own.query(`SELECT name FROM "${schema}".migrations`)).toEqual([
      { name: 'CreateShelves1764000000000' },
    ]);
    await own.query('DROP TABLE shelves');
    for (const _ of gatehouseMigrations) {
      const run = await runMain(['migrate', 'revert'], { ...settings(), ...config }, { cwd: folder.path });
      expect([run.code, run.stderr]).toEqual([0, '']);
    }
    await own.drop();
  });

  it('must be one of PostgreSQL', async () => {
    const { DATABASE_URL: _url, ...environment } = settings();
    const dataSource = { options: { type: 'mysql' }, isInitialized: true } as unknown as DataSource;
    const mounted = createGateway({ dataSource, config: readConfig(environment) });
    await expect(mounted.open()).rejects.toThrow(ConfigError);
  });
});

describe('a gateway that an application starts', () => {
  it('names every fault of the settings at once, and starts nothing', () => {
    const read = () => readConfig({ NODE_ENV: 'production', PORT: 'many' });
    for (const name of ['PORT', 'DATABASE_URL', 'REFRESH_TOKEN_SECRETS']) expect(read).toThrow(name);
    expect(read).toThrow(ConfigError);
  });

  it('leaves no connection to the database when it stops, or when its start fails', async () => {
    const own = await createDatabaseOfOwn();
    const taken: Server = createServer();
    try {
      const port = await new Promise<number>((resolve) => {
        taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
      });
      const failed = createGateway(options({ DATABASE_URL: own.url, PORT: String(port) }));
      await expect(failed.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
      const second = createGateway(options({ DATABASE_URL: own.url }));
      const [{ url }, again] = await Promise.all([second.start(), second.start()]);
      expect(again.url).toBe(url);
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      await second.stop();
      await expect(fetch(`${url}/health/live`)).rejects.toThrow();
      await waitUntil('no connection is left', async () => (await own.query(OTHER_CONNECTIONS)).length === 0);
    } finally {
      taken.close();
      await own.drop();
    }
  });
});
