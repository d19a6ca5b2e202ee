import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ctx, Directive, Field, FieldResolver, ID, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { createGatewaySchema } from '../../src/gateway-schema.js';
import { subgraphGatewaySdl } from '../../src/gateway-sdl.js';
import { type AuthContext, Authorized, createGateway, type Gateway, readConfig } from '../../src/index.js';
import { createGraphqlClient, type GraphqlClient, type Person } from '../support/graphql-client.js';
import { makeTestFolder, type TestFolder } from '../support/main-run.js';
import { countStatements } from '../support/statement-count.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on User { id email }
  }
}`;
const FORBIDDEN = { code: 'FORBIDDEN' };
const NO_TOKEN = { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' };

let gate: TestGateway;
let ada: Person;
let bob: Person;
beforeAll(async () => {
  gate = await startTestGateway({ GATEHOUSE_FEDERATION: 'true' });
  [ada, bob] = [await gate.registerSomebody(), await gate.registerSomebody()];
});
afterAll(() => gate.close());

const users = (...ids: string[]) => ids.map((id) => ({ __typename: 'User', id }));
async function entities(representations: unknown, person: { accessToken?: string } = {}, query = ENTITIES) {
  const { data, errors = [] } = await gate.send(query, { representations }, person);
  return { data: data?._entities, refused: errors.map(({ path, extensions }) => [path?.join('.'), extensions]) };
}

describe('a user whom another subgraph names', () => {
  it('is their id to everybody, and all the rest to nobody but themselves', async () => {
    const id = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { id } } }`;
    expect((await entities(users(bob.user.id), {}, id)).data).toEqual([{ id: bob.user.id }]);
    expect(await entities(users(ada.user.id), ada)).toEqual({
      data: [{ __typename: 'User', id: ada.user.id, email: ada.email }],
      refused: [],
    });
    expect(await entities(users(bob.user.id, ada.user.id), ada)).toEqual({
      data: [null, { __typename: 'User', id: ada.user.id, email: ada.email }],
      refused: [['_entities.0.email', FORBIDDEN]],
    });
    expect((await entities(users(bob.user.id))).refused).toEqual([['_entities.0.email', NO_TOKEN]]);
    for (const field of ['emailVerified', 'roles', 'createdAt']) {
      const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { ${field} } } }`;
      expect((await entities(users(bob.user.id), ada, query)).refused[0]?.[1]).toEqual(FORBIDDEN);
    }
  });

  it('is read by one statement, however often they are named', async () => {
    const statements = await countStatements(gate.database);
    const { data } = await entities(users(...Array<string>(50).fill(ada.user.id)), ada);
    expect([data.length, statements.count()]).toEqual([50, 1]);
    statements.stop();
  });

  it('leaves a row in the audit trail where somebody else asked', async () => {
    const eve = await gate.registerSomebody();
    await entities(users(bob.user.id, ada.user.id), eve);
    const rows = await gate.database.query(
      `SELECT cause FROM gatehouse.audit_events WHERE user_id = $1 AND kind = 'AUTHORIZATION_REFUSED'`,
      [eve.user.id],
    );
    expect(rows).toEqual([{ cause: 'OTHER_USER' }]);
  });

  it('is nobody to ask about with a token that is not taken, or once they are gone', async () => {
    expect((await entities(users(ada.user.id), { accessToken: 'nonsense' })).refused[0]?.[1]).toEqual({
      code: 'UNAUTHENTICATED',
      reason: 'TOKEN_INVALID',
    });
    const gone = await gate.registerSomebody();
    await gate.database.query('DELETE FROM gatehouse.users WHERE id = $1', [gone.user.id]);
    expect((await entities(users(gone.user.id), gone)).refused[0]?.[1]).toEqual({
      code: 'UNAUTHENTICATED',
      reason: 'SESSION_ENDED',
    });
  });
});

describe('a representation', () => {
  it('is one of at most a hundred', async () => {
    const some = (count: number) => Array.from({ length: count }, () => users(bob.user.id)[0]);
    const id = `query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }`;
    expect((await entities(some(100), {}, id)).data).toHaveLength(100);
    expect((await entities(some(101), {}, id)).refused).toEqual([
      ['_entities', { code: 'BAD_USER_INPUT', argument: ['representations'] }],
    ]);
  });

  it('is refused where it is no object, or of a type that is no entity: it never answers for itself', async () => {
    const bad = { code: 'BAD_USER_INPUT', argument: ['representations'] };
    for (const representation of [
      'User',
      5,
      {},
      { __typename: 5 },
      { __typename: 'User' },
      { __typename: 'User', id: 5 },
      { __typename: 'AuthPayload', accessToken: 'forged' },
      { __typename: 'Session', id: '1' },
      { __typename: 'Nothing' },
      { __typename: '__proto__' },
      { __typename: 'constructor' },
      { __typename: 'Query' },
    ]) {
      const { data, refused } = await entities([representation], ada);
      expect([representation, data, refused]).toEqual([representation, [null], [['_entities.0', bad]]]);
    }
    const forged = { __typename: 'User', id: bob.user.id, email: 'forged@example.org' };
    expect((await entities([forged], ada)).data).toEqual([null]);
    expect((await entities(users('nobody'), ada)).refused[0]?.[1]).toEqual(FORBIDDEN);
  });
});

describe('a federated gateway', () => {
  it('answers all else as it does alone: a sign-in, the viewer, sessions', async () => {
    const tokens = await gate.login(ada);
    expect(tokens.user.email).toBe(ada.email);
    expect((await gate.me(tokens.accessToken)).data.me).toMatchObject({ email: ada.email, roles: [] });
    expect((await gate.send('{ sessions { current createdAt } }', {}, tokens)).data.sessions).toContainEqual({
      current: true,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect((await gate.send('{ sessions { id } }')).errors?.[0]?.extensions).toEqual(NO_TOKEN);
    expect((await gate.refresh(tokens.refreshToken)).tokens).not.toBeNull();
  });

  it('tells its schema for composition, unless introspection is off', async () => {
    const { _service } = (await gate.send('{ _service { sdl } }')).data;
    expect(_service.sdl.trim()).toBe(subgraphGatewaySdl().trim());
    expect(_service.sdl).toMatch(
      /@link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.5", import: \[[^\]]*"@requiresScopes"/,
    );
    expect(_service.sdl).toMatch(/type User\s+@key\(fields: "id"\)/);
    expect(_service.sdl).toMatch(/sessions: \[Session!\]! @authenticated/);
    // Theirs, not ours: a router takes no other definition.
    expect(_service.sdl).not.toContain('The caller must be signed in.');
    const quiet = await gate.startSibling({ config: { ...gate.parts.config, hasIntrospection: false } });
    const { data, errors } = await quiet.send('{ _service { sdl } }');
    expect([data, errors?.[0]?.extensions]).toEqual([null, FORBIDDEN]);
    expect((await quiet.send(ENTITIES, { representations: users(bob.user.id) }, bob)).data._entities[0].id).toBe(
      bob.user.id,
    );
    await quiet.gateway.close();
  });

  it('is not, unless it is told to', async () => {
    const { schema } = createGatewaySchema({ clock: gate.clock });
    expect(Object.keys(schema.getQueryType()?.getFields() ?? {}).sort()).toEqual(['me', 'sessions']);
  });
});

@Directive('@key(fields: "id")')
@ObjectType('Shelf')
class Shelf {
  @Field(() => ID)
  id!: string;

  @Authorized({ roles: ['ADMIN'] })
  @Field(() => String, { nullable: true })
  code!: string | null;

  ownerId!: string;
}

@Resolver(() => Shelf)
class ShelfResolver {
  @Query(() => Shelf)
  shelf(): Shelf {
    return Object.assign(new Shelf(), { id: '1', code: 'x', ownerId: '1' });
  }

  @FieldResolver(() => String)
  owner(@Root() { ownerId }: Shelf, @Ctx() { auth }: AuthContext): string {
    return `${ownerId} asked by ${auth.userId}`;
  }
}

describe("an application's own entity", () => {
  let own: Gateway;
  let there: GraphqlClient;
  let folder: TestFolder;
  beforeAll(async () => {
    folder = await makeTestFolder();
  });
  afterAll(() => folder.remove());
  const settings = () => ({
    DATABASE_URL: gate.database.url,
    PORT: '0',
    HASH_WORKERS: '1',
    LOG_LEVEL: 'silent',
    GATEHOUSE_DATA_DIR: folder.path,
  });

  it('is found by its reference for the signed-in alone, its fields guarded as ever', async () => {
    own = createGateway({
      resolvers: [ShelfResolver],
      federation: true,
      config: readConfig(settings()),
      references: {
        Shelf: ({ id }) => (id === '7' ? Object.assign(new Shelf(), { id, code: 'c', ownerId: '9' }) : null),
      },
    });
    there = createGraphqlClient((await own.start()).url);
    const eve = await there.registerSomebody();
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Shelf { id owner } } }`;
    const shelves = [
      { __typename: 'Shelf', id: '7', ownerId: 'forged' },
      { __typename: 'Shelf', id: '8' },
    ];
    expect((await there.send(query, { r: shelves }, eve)).data).toEqual({
      _entities: [{ id: '7', owner: `9 asked by ${eve.user.id}` }, null],
    });
    expect((await there.send(query, { r: shelves })).errors?.map(({ extensions }) => extensions)).toEqual([
      NO_TOKEN,
      NO_TOKEN,
    ]);
    const code = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Shelf { code } } }`;
    const { data, errors } = await there.send(code, { r: shelves.slice(0, 1) }, eve);
    expect([data, errors?.[0]?.extensions]).toEqual([{ _entities: [{ code: null }] }, FORBIDDEN]);
    await own.stop();
  });

  it('needs a reference', () => {
    const federation = { references: {}, isSchemaTold: true };
    expect(() => createGatewaySchema({ resolvers: [ShelfResolver], clock: gate.clock, federation })).toThrow(
      /references: \{ Shelf \}/,
    );
  });
});
