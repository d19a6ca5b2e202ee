import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_PASSWORD, type GraphqlAnswer, LOGIN, type Person, REGISTER } from '../support/graphql-client.js';
import { type Occupation, occupyHasher, registerSlowOne } from '../support/occupy-hasher.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const QUEUE_MAX = 2;

let gate: TestGateway;
let slowOne: Person;
beforeAll(async () => {
  gate = await startTestGateway({ HASH_WORKERS: '1', HASH_QUEUE_MAX: String(QUEUE_MAX) });
  slowOne = await registerSlowOne({ client: gate, database: gate.database });
});
afterAll(() => gate.close());

const AT_ONCE = 12;
const BUSY = { code: 'SERVICE_UNAVAILABLE', retryAfter: expect.any(Number) };

/** The only thread is taken: so many may wait, the others are refused. */
const occupied = (): Promise<Occupation> => occupyHasher({ client: gate, database: gate.database, slowOne });

const isBusy = ({ errors }: GraphqlAnswer) => errors?.[0]?.extensions.code === 'SERVICE_UNAVAILABLE';

describe('with the queue of hashings full', () => {
  it('a login is SERVICE_UNAVAILABLE with retryAfter; whoever fits is served, and everything else works', async () => {
    const ada = await gate.registerSomebody();
    const occupation = await occupied();
    const logins = Array.from({ length: AT_ONCE }, () =>
      gate.send(LOGIN, { input: { email: ada.email, password: ada.password } }),
    );
    const others = await Promise.all([
      gate.me(ada.accessToken),
      gate.refresh(ada.refreshToken),
      gate.send('{ __typename }'),
    ]);
    expect(occupation.isAnswered()).toBe(false);
    const answers = await Promise.all(logins);
    const refused = answers.filter(isBusy);
    expect(refused).toHaveLength(AT_ONCE - QUEUE_MAX);
    for (const { status, data, errors } of refused) {
      expect(status).toBe(200);
      expect(data).toBeNull();
      expect(errors).toHaveLength(1);
      expect(errors?.[0]?.extensions).toEqual(BUSY);
      const { retryAfter } = errors?.[0]?.extensions ?? {};
      expect(Number.isInteger(retryAfter) && Number(retryAfter) >= 1).toBe(true);
    }
    const served = answers.filter((answer) => !isBusy(answer));
    expect(served).toHaveLength(QUEUE_MAX);
    for (const { data } of served) expect(data.login.__typename).toBe('AuthPayload');
    const [me, refreshed, typename] = others;
    expect(me.data.me.id).toBe(ada.user.id);
    expect(refreshed.tokens).not.toBeNull();
    expect(typename.data).toEqual({ __typename: 'Query' });
    expect((await occupation.answer).data.login.__typename).toBe('InvalidCredentials');
    expect((await gate.login(ada)).user.id).toBe(ada.user.id);
  });

  it('a refused registration leaves nothing behind, and works later', async () => {
    const emails = Array.from({ length: AT_ONCE }, (_, index) => `busy${index}@x.io`);
    await occupied();
    const answers = await Promise.all(
      emails.map((email) => gate.send(REGISTER, { input: { email, password: GOOD_PASSWORD } })),
    );
    const refused = emails.filter((_, index) => isBusy(answers[index] as GraphqlAnswer));
    expect(refused).toHaveLength(AT_ONCE - QUEUE_MAX);
    const stored = await gate.database.query<{ email: string }>(
      "SELECT email FROM gatehouse.user_emails WHERE email LIKE 'busy%' ORDER BY email",
    );
    expect(stored.map(({ email }) => email)).toEqual(emails.filter((email) => !refused.includes(email)).sort());
    expect((await gate.registerSomebody({ email: refused[0] ?? '' })).user.email).toBe(refused[0]);
  });

  it('unknown and known addresses are refused alike', async () => {
    const ada = await gate.registerSomebody();
    const password = 'not the passphrase';
    await occupied();
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        gate.send(LOGIN, { input: { email: index % 2 === 0 ? ada.email : `nobody${index}@x.io`, password } }),
      ),
    );
    const shapes = answers.map(({ data, errors }) =>
      JSON.stringify({
        data,
        errors: errors?.map(({ message, path, extensions }) => [message, path, extensions.code]),
      }),
    );
    expect(new Set(shapes).size).toBe(2);
    const refusedOf = (parity: number) => answers.filter((answer, index) => index % 2 === parity && isBusy(answer));
    expect(refusedOf(0).length + refusedOf(1).length).toBe(AT_ONCE - QUEUE_MAX);
    for (const parity of [0, 1]) expect(refusedOf(parity).length).toBeGreaterThan(0);
  });
});
