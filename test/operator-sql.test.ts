import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LOGIN } from './support/graphql-client.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';
import { waitUntil } from './support/wait-until.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

/** The README's statements for operators, as they stand there. */
const [changeRoles = '', disable = ''] = [...readFileSync('README.md', 'utf8').matchAll(/```sql\n([\s\S]*?)```/g)].map(
  ([, text = '']) => text,
);

it("the README's way to change roles reaches the next operation", async () => {
  const ada = await gate.registerSomebody({ email: 'ada@example.org' });
  await gate.database.query(changeRoles);
  await waitUntil('the old access token is refused', async () => {
    const { errors } = await gate.me(ada.accessToken);
    return errors?.[0]?.extensions.reason === 'TOKEN_EXPIRED';
  });
  const { tokens } = await gate.refresh(ada.refreshToken);
  expect(tokens?.user.roles).toEqual(['ADMIN']);
  expect((await gate.me(tokens?.accessToken)).data.me.roles).toEqual(['ADMIN']);
});

it("S6: the README's way to disable somebody ends every token of theirs, also after they are enabled again", async () => {
  const { email, password } = { email: 'ada@example.org', password: 'a long enough passphrase' };
  const tokens = await gate.login({ email, password });
  await gate.database.query(disable);
  await waitUntil('the access token is refused', async () => {
    const { errors } = await gate.send('{ sessions { id } }', {}, tokens);
    return errors?.[0]?.extensions.code === 'UNAUTHENTICATED';
  });
  await gate.database.query('UPDATE gatehouse.users SET disabled_at = NULL');
  expect((await gate.refresh(tokens.refreshToken)).tokens).toBeNull();
  expect((await gate.send(LOGIN, { input: { email, password } })).data.login.__typename).toBe('AuthPayload');
});
