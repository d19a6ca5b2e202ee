import type { GraphqlClient } from './graphql-client.js';
import { holdSession, openConnection, untilWaiting } from './lock-step.js';
import type { TestDatabase } from './test-database.js';

/**
 * Sends one token so many times, on the clients in turn, all of them having read the row before the first may change
 * it; answers for each the token it got, or its errors.
 */
export async function refreshThroughGate(needs: {
  clients: Pick<GraphqlClient, 'refresh'>[];
  database: TestDatabase;
  token: { sessionId: string; refreshToken: string };
  times: number;
}): Promise<string[]> {
  const { clients, database, token, times } = needs;
  const gatekeeper = await openConnection(database);
  await holdSession(gatekeeper, token.sessionId);
  const sent = Array.from({ length: times }, (_, index) =>
    clients[index % clients.length]?.refresh(token.refreshToken),
  );
  await untilWaiting(database, times);
  await gatekeeper.query('COMMIT');
  const answers = await Promise.all(sent);
  await gatekeeper.close();
  return answers.map((answer) => answer?.tokens?.refreshToken ?? JSON.stringify(answer?.errors));
}
