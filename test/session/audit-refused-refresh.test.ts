import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LOGOUT, type Person } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway();
});
afterAll(() => gate.close());

const refusalsOf = ({ user }: Person) =>
  gate.database.query<{ cause: string; session_id: string; request_id: string }>(
    `SELECT cause, session_id, request_id FROM gatehouse.audit_events
     WHERE user_id = $1 AND kind = 'REFRESH_REFUSED' ORDER BY id`,
    [user.id],
  );

it('L4: says in the audit trail why a genuine refresh token was refused', async () => {
  const ada = await gate.registerSomebody();
  await gate.send(LOGOUT, { refreshToken: ada.refreshToken });
  const { headers } = await gate.refresh(ada.refreshToken);
  expect(await refusalsOf(ada)).toEqual([
    { cause: 'SESSION_REVOKED', session_id: ada.session.id, request_id: headers.get('x-request-id') },
  ]);
});

it('does not let a client that goes on asking fill the trail', async () => {
  const ada = await gate.registerSomebody();
  gate.clock.advance(8 * 86_400);
  for (let round = 0; round < 5; round += 1) expect((await gate.refresh(ada.refreshToken)).tokens).toBeNull();
  expect(await refusalsOf(ada)).toMatchObject([{ cause: 'SESSION_EXPIRED' }]);
});

it('does not let junk fill the trail', async () => {
  const ada = await gate.registerSomebody();
  for (const junk of ['junk', `${ada.refreshToken}x`, ada.refreshToken.slice(0, -4).concat('AAAA')]) {
    expect((await gate.refresh(junk)).tokens).toBeNull();
  }
  expect(await refusalsOf(ada)).toEqual([]);
});

it('writes one event, not two, where the refusal ends the session', async () => {
  const ada = await gate.registerSomebody();
  const { tokens } = await gate.refresh(ada.refreshToken);
  await gate.refresh(tokens?.refreshToken ?? '');
  expect((await gate.refresh(ada.refreshToken)).tokens).toBeNull();
  expect(await refusalsOf(ada)).toEqual([]);
});
