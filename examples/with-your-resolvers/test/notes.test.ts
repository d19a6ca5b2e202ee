import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Clock, readConfig } from 'gatehouse';
import { createNotesGateway } from '../dist/create-notes-gateway.js';

interface Answer {
  data: Record<string, unknown>;
  errors?: { message: string; extensions: Record<string, unknown> }[];
}
interface Person {
  email: string;
  accessToken: string;
  userId: string;
}

const PASSWORD = 'a long enough passphrase';
const PUBLIC_MUTATIONS = [
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
const PUBLIC_FIELDS = [...PUBLIC_MUTATIONS.map((name) => `Mutation.${name}`), 'Query.me'];

let folder: string;
let now = Date.now();
const clock: Clock = { now: () => new Date(now), monotonicMs: () => performance.now() };
let gateway: ReturnType<typeof createNotesGateway>;
let url: string;
let people = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notes-'));
  const settings = {
    GATEHOUSE_DATA_DIR: join(folder, 'data'),
    PORT: '0',
    BCRYPT_COST: '10',
    LOG_LEVEL: 'silent',
    LIMIT_REGISTER_NETWORK: '1000/900',
  };
  gateway = createNotesGateway({ config: readConfig(settings), clock });
  ({ url } = await gateway.start());
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

async function send(query: string, variables: object = {}, accessToken?: string): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as Partial<Answer> & { data?: Answer['data'] | null };
  return { data: data ?? {}, ...(errors === undefined ? {} : { errors }) };
}

const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions);
const PAYLOAD = '__typename ... on AuthPayload { accessToken user { id } }';

async function signIn(field: 'register' | 'login', email: string): Promise<Person> {
  const type = field === 'register' ? 'RegisterInput' : 'LoginInput';
  const query = `mutation ($input: ${type}!) { result: ${field}(input: $input) { ${PAYLOAD} } }`;
  const { data } = await send(query, { input: { email, password: PASSWORD } });
  const { accessToken, user } = data['result'] as { accessToken: string; user: { id: string } };
  return { email, accessToken, userId: user.id };
}

function somebody(): Promise<Person> {
  people += 1;
  return signIn('register', `person-${people}@example.org`);
}

async function administrator(): Promise<Person> {
  const { userId, email } = await somebody();
  await gateway.changeRoles({ userId, roles: ['ADMIN'] });
  return signIn('login', email);
}

async function write(person: Person, text: string): Promise<string> {
  const { data } = await send(
    'mutation ($text: String!) { writeNote(text: $text) { id } }',
    { text },
    person.accessToken,
  );
  return (data['writeNote'] as { id: string }).id;
}
const textsOf = async (person: Person) => {
  const { data } = await send('{ notes { text } }', {}, person.accessToken);
  return (data['notes'] as { text: string }[]).map(({ text }) => text);
};

describe('P1: a field of Query or Mutation', () => {
  it('answers strangers only if it is on this list', async () => {
    expect([...gateway.publicFields].sort()).toEqual([...PUBLIC_FIELDS, 'Query.noteCount']);
    const roots = [gateway.schema.getQueryType(), gateway.schema.getMutationType()];
    const guarded = roots.flatMap((type) =>
      Object.values(type?.getFields() ?? {})
        .filter(({ name }) => !gateway.publicFields.includes(`${type?.name}.${name}`))
        .map((field) => ({ type: type?.name ?? '', field })),
    );
    expect(guarded.length).toBeGreaterThan(8);
    for (const { type, field } of guarded) {
      const given = field.args.map(({ name }) => `${name}: "x"`).join(', ');
      const isLeaf = /^(Int|Boolean|String)/.test(String(field.type));
      const query = `${type.toLowerCase()} { ${field.name}${given && `(${given})`} ${isLeaf ? '' : '{ __typename }'} }`;
      expect([query, codesOf(await send(query))]).toEqual([query, [{ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }]]);
    }
    expect((await send('{ noteCount }')).errors).toBeUndefined();
  });
});

describe('a note', () => {
  it('is seen and deleted by its owner alone', async () => {
    const [ada, bob] = [await somebody(), await somebody()];
    const id = await write(ada, 'of Ada');
    await write(bob, 'of Bob');
    expect([await textsOf(ada), await textsOf(bob)]).toEqual([['of Ada'], ['of Bob']]);
    const remove = async (person: Person, which: string) => {
      const query = 'mutation ($id: ID!) { deleteNote(id: $id) }';
      return (await send(query, { id: which }, person.accessToken)).data;
    };
    expect(await remove(bob, id)).toEqual({ deleteNote: false });
    expect(await remove(bob, 'nonsense')).toEqual({ deleteNote: false });
    expect(await remove(ada, id)).toEqual({ deleteNote: true });
    expect([await textsOf(ada), await textsOf(bob)]).toEqual([[], ['of Bob']]);
  });

  it('has from 1 to 1000 characters', async () => {
    const ada = await somebody();
    for (const text of ['', 'x'.repeat(1001), 'nul \u0000']) {
      const answer = await send('mutation ($t: String!) { writeNote(text: $t) { id } }', { t: text }, ada.accessToken);
      expect(codesOf(answer)).toEqual([{ code: 'BAD_USER_INPUT', argument: ['text'] }]);
    }
  });
});

describe('administrators', () => {
  it("see everybody's notes and their owners; others see neither", async () => {
    const [ada, admin] = [await somebody(), await administrator()];
    await write(ada, 'of Ada');
    const all = '{ everybodysNotes { text ownerEmail } }';
    const { data } = await send(all, {}, admin.accessToken);
    expect(data['everybodysNotes']).toContainEqual({ text: 'of Ada', ownerEmail: ada.email });
    expect(codesOf(await send(all, {}, ada.accessToken))).toEqual([{ code: 'FORBIDDEN' }]);
    const own = await send('{ notes { text ownerEmail } }', {}, ada.accessToken);
    expect([own.data, codesOf(own)]).toEqual([
      { notes: [{ text: 'of Ada', ownerEmail: null }] },
      [{ code: 'FORBIDDEN' }],
    ]);
  });
});

describe('deleting all notes', () => {
  it('needs a sign-in of the last five minutes, and the password is enough', async () => {
    const ada = await somebody();
    await write(ada, 'of Ada');
    now += 301_000;
    const all = 'mutation { deleteAllNotes }';
    expect(codesOf(await send(all, {}, ada.accessToken))).toEqual([
      { code: 'FORBIDDEN', reason: 'STALE_AUTHENTICATION', maxAgeSeconds: 300 },
    ]);
    const query = `mutation ($password: String!) { reauthenticate(password: $password) { ${PAYLOAD} } }`;
    const { data } = await send(query, { password: PASSWORD }, ada.accessToken);
    const { accessToken } = data['reauthenticate'] as Person;
    expect((await send(all, {}, accessToken)).data).toEqual({ deleteAllNotes: 1 });
    expect(await textsOf(ada)).toEqual([]);
  });
});
