import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LOGIN } from './support/graphql-client.js';
import { INVALID_GRANT } from './support/session-facts.js';
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

/** Whom the statements name. */
const README_EMAIL = 'ada@example.org';

/** Runs one of them for somebody else. */
async function runFor(email: string, statements: string): Promise<void> {
  expect(statements).toContain(README_EMAIL);
  await gate.database.query(statements.replaceAll(README_EMAIL, email));
}

it("the README's way to change roles reaches the next operation", async () => {
  const [ada, bob] = await Promise.all([gate.registerSomebody(), gate.registerSomebody()]);
  await runFor(ada.email, changeRoles);
  await waitUntil('the old access token is refused', async () => {
    const { errors } = await gate.me(ada.accessToken);
    return errors?.[0]?.extensions.reason === 'TOKEN_EXPIRED';
  });
  const { tokens } = await gate.refresh(ada.refreshToken);
  expect(tokens?.user.roles).toEqual(['ADMIN']);
  expect((await gate.me(tokens?.accessToken)).data.me.roles).toEqual(['ADMIN']);
  expect((await gate.me(bob.accessToken)).data.me.roles).toEqual([]);
});

it("S6: the README's way to disable somebody ends every token of theirs, also after they are enabled again", async () => {
  const [ada, bob] = await Promise.all([gate.registerSomebody(), gate.registerSomebody()]);
  const { email, password } = ada;
  const logins = [ada, await gate.login(ada)];
  await runFor(email, disable);
  await waitUntil('the access token is refused', async () => {
    const { errors } = await gate.send('{ sessions { id } }', {}, ada);
    return errors?.[0]?.extensions.code === 'UNAUTHENTICATED';
  });
  await gate.database.query('UPDATE gatehouse.users SET disabled_at = NULL WHERE id = $1', [ada.user.id]);
  for (const { refreshToken, accessToken } of logins) {
    expect((await gate.refresh(refreshToken)).errors?.[0]?.extensions).toEqual(INVALID_GRANT);
    expect((await gate.me(accessToken)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  }
  expect((await gate.refresh(bob.refreshToken)).tokens).not.toBeNull();
  expect((await gate.send(LOGIN, { input: { email, password } })).data.login.__typename).toBe('AuthPayload');
});
