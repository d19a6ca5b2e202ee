import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { LOGOUT, type Person } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { ProbeResolver } from './probe.resolver.js';

/** The whole list. Whoever adds a field that answers strangers has to add it here. */
const PUBLIC_FIELDS = [
  'me',
  'register',
  'login',
  'refreshToken',
  'logout',
  'verifyEmail',
  'requestPasswordReset',
  'resetPassword',
  'confirmEmailChange',
  'undoEmailChange',
];

interface TypeRef {
  kind: string;
  name: string | null;
  ofType: TypeRef | null;
}
interface Field {
  name: string;
  type: TypeRef;
  args: { name: string; type: TypeRef; defaultValue: string | null }[];
}

let gate: TestGateway;
let probed: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  gate = await startTestGateway();
  probed = await gate.startSibling({ resolvers: [ProbeResolver] });
});
afterAll(async () => {
  await probed.gateway.close();
  await gate.close();
});

/** An operation for each root field, its required arguments filled in; by the schema that the gateway itself tells. */
async function operations(): Promise<{ name: string; query: string }[]> {
  const { __schema } = (await gate.send(getIntrospectionQuery())).data;
  const rootOf = (kind: string): Field[] =>
    __schema.types.find(({ name }: { name: string }) => name === __schema[`${kind}Type`]?.name)?.fields ?? [];
  const kindOf = (name: string | null): string => __schema.types.find((type: TypeRef) => type.name === name)?.kind;
  return ['query', 'mutation', 'subscription'].flatMap((kind) =>
    rootOf(kind).map(({ name, type, args }) => {
      const required = args.filter((arg) => arg.type.kind === 'NON_NULL' && arg.defaultValue === null);
      const values: Record<string, string> = {
        id: '"x"',
        password: '"p"',
        currentPassword: '"p"',
        newPassword: '"p"',
        token: '"t"',
        email: '"a@example.org"',
      };
      const inputs: Record<string, string> = {
        RegisterInput: '{ email: "a@example.org", password: "p" }',
        LoginInput: '{ email: "a@example.org", password: "p" }',
        ResetPasswordInput: '{ token: "t", password: "p" }',
        UndoEmailChangeInput: '{ token: "t", password: "p" }',
      };
      const given = required
        .map((arg) => `${arg.name}: ${values[arg.name] ?? inputs[arg.type.ofType?.name ?? '']}`)
        .join(', ');
      let named = type;
      while (named.ofType !== null) named = named.ofType;
      const selection = ['SCALAR', 'ENUM'].includes(kindOf(named.name)) ? '' : ' { __typename }';
      return { name, query: `${kind} { ${name}${given === '' ? '' : `(${given})`}${selection} }` };
    }),
  );
}

describe('P1: a root field', () => {
  it('needs a token unless it is on the public list, and says why it does not take one', async () => {
    const all = await operations();
    expect(all.length).toBeGreaterThan(PUBLIC_FIELDS.length);
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(PUBLIC_FIELDS));
    const ended = await gate.registerSomebody();
    await gate.send(LOGOUT, { refreshToken: ended.refreshToken });
    const callers = [
      { options: {}, reason: 'NO_TOKEN' },
      { options: { headers: { authorization: 'Basic YTpi' } }, reason: 'NO_TOKEN' },
      { options: { accessToken: 'nonsense' }, reason: 'TOKEN_INVALID' },
      { options: { accessToken: ended.accessToken }, reason: 'SESSION_ENDED' },
    ];
    for (const { name, query } of all.filter((each) => !PUBLIC_FIELDS.includes(each.name))) {
      for (const { options, reason } of callers) {
        const { errors } = await gate.send(query, {}, options);
        expect([name, errors?.map(({ extensions }) => extensions)]).toEqual([
          name,
          [{ code: 'UNAUTHENTICATED', reason }],
        ]);
      }
    }
  });

  it('answers strangers where it is on the public list', async () => {
    for (const { name, query } of (await operations()).filter((each) => PUBLIC_FIELDS.includes(each.name))) {
      const { data, errors } = await gate.send(query);
      if (name === 'refreshToken') expect(errors?.[0]?.extensions.reason).toBe('NO_TOKEN');
      else expect([name, errors, Object.keys(data)]).toEqual([name, undefined, [name]]);
    }
  });

  it('needs a token too where an embedding application has added it', async () => {
    for (const query of ['{ whoAmI }', '{ secretOfAdmins }', 'mutation { doAsAdmin }', '{ publicForAdmins }']) {
      const { data, errors } = await probed.send(query);
      expect([query, data, errors?.[0]?.extensions]).toEqual([
        query,
        null,
        { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' },
      ]);
    }
    const ada = await gate.registerSomebody();
    expect((await probed.send('{ whoAmI }', {}, ada)).data.whoAmI).toBe(ada.user.id);
  });

  it('answers strangers __typename at most, beside a field that is refused', async () => {
    const { data, errors } = await gate.send('{ __typename me { id } sessions { id } }');
    expect(data).toBeNull();
    expect(errors?.[0]).toMatchObject({ path: ['sessions'], extensions: { reason: 'NO_TOKEN' } });
  });
});

describe('me', () => {
  it('is null without a token, an error with a bad one, and the user with a good one', async () => {
    expect(await gate.me()).toMatchObject({ status: 200, data: { me: null }, errors: undefined });
    const bad = await gate.me('nonsense');
    expect(bad.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID' });
    const ada = await gate.registerSomebody();
    expect((await gate.me(ada.accessToken)).data.me).toEqual(ada.user);
  });

  it('is SESSION_ENDED for a user who is gone or disabled', async () => {
    const [gone, disabled] = [await gate.registerSomebody(), await gate.registerSomebody()];
    await gate.database.query('DELETE FROM gatehouse.users WHERE id = $1', [gone.user.id]);
    await gate.database.query('UPDATE gatehouse.users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    for (const { accessToken } of [gone, disabled]) {
      const { data, errors } = await gate.me(accessToken);
      expect(data).toEqual({ me: null });
      expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'SESSION_ENDED' });
    }
  });
});

describe('a stale token', () => {
  it('keeps nobody from logging in, refreshing, logging out, registering or introspecting', async () => {
    const ada = await gate.registerSomebody();
    const ended = await gate.login(ada);
    await gate.send(LOGOUT, { refreshToken: ended.refreshToken });
    for (const accessToken of ['nonsense', ended.accessToken]) {
      const bearing = { accessToken };
      expect((await gate.login(ada, bearing)).user.id).toBe(ada.user.id);
      expect((await gate.registerSomebody(bearing)).user.roles).toEqual([]);
      const other = await gate.login(ada);
      expect((await gate.refresh(other.refreshToken, bearing)).tokens?.session.id).toBe(other.session.id);
      expect((await gate.send(LOGOUT, {}, bearing)).data).toEqual({ logout: true });
      expect((await gate.send('{ __schema { queryType { name } } }', {}, bearing)).errors).toBeUndefined();
    }
  });
});

describe('P2: the id of a session of somebody else', () => {
  it('is answered like one that never was, and nothing ends', async () => {
    const [ada, bob] = [await gate.registerSomebody(), await gate.registerSomebody()];
    const end = async (id: string) => {
      const { data, errors } = await gate.send('mutation ($id: ID!) { endSession(id: $id) }', { id }, ada);
      return { data, errors };
    };
    const unknown = await end('01890000-0000-7000-8000-000000000000');
    expect(unknown).toEqual({ data: { endSession: false }, errors: undefined });
    expect(await end(bob.session.id)).toEqual(unknown);
    for (const id of ['', 'x', "' OR 1=1 --", `${bob.session.id}\u0000`, bob.user.id])
      expect(await end(id)).toEqual(unknown);
    expect((await gate.me(bob.accessToken)).data.me.id).toBe(bob.user.id);
    const { sessions } = (await gate.send('{ sessions { id } }', {}, ada)).data;
    expect(sessions).toEqual([{ id: ada.session.id }]);
  });
});

describe('P3: what is secret', () => {
  it('is nowhere in the schema', async () => {
    const { __schema } = (await gate.send(getIntrospectionQuery())).data;
    const names = __schema.types.flatMap((type: { name: string; kind: string; fields: { name: string }[] | null }) =>
      (type.kind === 'OBJECT' && !type.name.startsWith('__') && type.name !== 'Mutation'
        ? (type.fields ?? [])
        : []
      ).map(({ name }) => name),
    );
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name: string) => /hash|salt|secret|password|generation|epoch|disabled/i.test(name))).toEqual(
      [],
    );
    for (const name of [
      'passwordHash',
      'password_hash',
      'salt',
      'authEpoch',
      'disabledAt',
      '__proto__',
      'constructor',
    ]) {
      const { status, errors } = await gate.send(`{ me { ${name} } }`);
      expect([name, status, errors?.[0]?.extensions.code]).toEqual([name, 400, 'GRAPHQL_VALIDATION_FAILED']);
    }
  });
});

describe('P4: what is not the user’s to say', () => {
  it('is refused as an input: roles, ids, expiries, verification', async () => {
    const input = { email: 'eve@example.org', password: 'a long enough passphrase' };
    const query = 'mutation ($input: RegisterInput!) { register(input: $input) { __typename } }';
    const extras = { role: 'ADMIN', roles: ['ADMIN'], id: '1', emailVerified: true, verified: true, expiresAt: 'x' };
    for (const [name, value] of Object.entries({ ...extras, userId: '1', authEpoch: 9, passwordHash: 'x' })) {
      const { errors } = await gate.send(query, { input: { ...input, [name]: value } });
      expect([name, errors?.[0]?.extensions.code]).toEqual([name, 'BAD_USER_INPUT']);
    }
    const users = await gate.database.query('SELECT FROM gatehouse.user_emails WHERE email = $1', [input.email]);
    expect(users).toEqual([]);
  });
});

describe('a field for a role', () => {
  async function withRoles(roles: string[]): Promise<Person> {
    const person = await gate.registerSomebody();
    await gate.database.query('UPDATE gatehouse.users SET roles = $2 WHERE id = $1', [person.user.id, roles]);
    return { ...person, ...(await gate.login(person)) };
  }
  const refusalsOf = ({ user }: Person) =>
    gate.database.query(
      `SELECT cause, request_id, session_id, ip_address FROM gatehouse.audit_events
       WHERE user_id = $1 AND kind = 'AUTHORIZATION_REFUSED'`,
      [user.id],
    );

  it('P5: is forbidden to others, which the audit trail tells once for each try', async () => {
    const people = [await withRoles([]), await withRoles(['CLERK', 'admin', 'ADMINISTRATOR'])];
    for (const person of people) {
      const { status, headers, data, errors } = await probed.send('{ secretOfAdmins }', {}, person);
      expect([status, data, errors?.[0]?.extensions]).toEqual([200, null, { code: 'FORBIDDEN' }]);
      expect(await refusalsOf(person)).toEqual([
        {
          cause: 'ROLE_MISSING',
          request_id: headers.get('x-request-id'),
          session_id: person.session.id,
          ip_address: '127.0.0.1',
        },
      ]);
      expect((await probed.send('{ publicForAdmins }', {}, person)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      expect(await refusalsOf(person)).toHaveLength(2);
    }
  });

  it('is open to whoever has one of the roles', async () => {
    const [admin, auditor] = [await withRoles(['CLERK', 'ADMIN']), await withRoles(['AUDITOR'])];
    for (const person of [admin, auditor]) {
      expect((await probed.send('{ secretOfAdmins }', {}, person)).data).toEqual({ secretOfAdmins: 'open' });
      expect(await refusalsOf(person)).toEqual([]);
    }
    expect((await probed.send('mutation { doAsAdmin }', {}, admin)).data).toEqual({ doAsAdmin: true });
    expect((await probed.send('mutation { doAsAdmin }', {}, auditor)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('is forbidden even where the audit trail can not be written', async () => {
    const person = await withRoles([]);
    await gate.database.query('ALTER TABLE gatehouse.audit_events RENAME TO elsewhere');
    const { data, errors } = await probed.send('{ secretOfAdmins }', {}, person);
    await gate.database.query('ALTER TABLE gatehouse.elsewhere RENAME TO audit_events');
    expect([data, errors?.[0]?.extensions.code]).toEqual([null, 'INTERNAL_SERVER_ERROR']);
  });
});
