import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDeployment, type Deployment } from '../test/support/gateway-pair.js';
import type { GatewayProcess } from '../test/support/gateway-process.js';
import { LOGOUT } from '../test/support/graphql-client.js';
import { refusedWithinBound } from '../test/support/refused-within-bound.js';
import { refreshed, sessionRow } from '../test/support/session-facts.js';

describe('two gateways behind a pooler in transaction mode', () => {
  let deployment: Deployment;
  let one: GatewayProcess;
  let other: GatewayProcess;
  beforeAll(async () => {
    deployment = await createDeployment();
    [one, other] = [await deployment.start(), await deployment.start()];
  });
  afterAll(() => deployment.close());

  it('reach their database by way of it', async () => {
    const ada = await one.registerSomebody();
    await refreshed(other, ada.refreshToken);
    const rows = await deployment.database.query<{ client_port: number }>(
      "SELECT client_port FROM pg_stat_activity WHERE application_name = 'gatehouse' AND datname = current_database()",
    );
    // pgbouncer keeps fewer connections than two processes with ten each have.
    expect(rows.length).toBeGreaterThan(0);
    expect(deployment.database.pooledUrl).not.toBe(deployment.database.url);
  });

  it('R2: give the same successor to the same token at once', async () => {
    const ada = await one.registerSomebody();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).refresh(ada.refreshToken)),
    );
    expect(new Set(answers.map(({ tokens }) => tokens?.refreshToken)).size).toBe(1);
    expect((await sessionRow(deployment.database, ada.session.id)).generation).toBe(1);
  });

  it('refuse what the other one has ended within 2 s', async () => {
    const ada = await one.registerSomebody();
    await one.send(LOGOUT, { refreshToken: ada.refreshToken });
    await refusedWithinBound(other, ada.accessToken);
  });
});
