import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import process from 'node:process';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createDeployment, type Deployment } from '../support/gateway-pair.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { LOGOUT, type Person } from '../support/graphql-client.js';
import { isProcessAlive } from '../support/main-run.js';
import { occupyHasher, registerSlowOne } from '../support/occupy-hasher.js';
import { waitUntil } from '../support/wait-until.js';

const BOUND_MS = 2_000;
const LINES = /"event":"worker_serves".*"workerPid":(\d+)/;

let deployment: Deployment;
beforeAll(() => {
  // What `cluster` knows of this process would make its children workers of somebody else.
  expect(process.env['NODE_UNIQUE_ID']).toBeUndefined();
});
afterEach(() => deployment.close());

async function startTwo(environment: Record<string, string> = {}): Promise<GatewayProcess> {
  deployment = await createDeployment();
  const settings = { GATEHOUSE_WORKERS: '2', HASH_WORKERS: '2', LOG_LEVEL: 'info', ...environment };
  const gateway = await deployment.start(settings);
  await untilTold(gateway, 2);
  return gateway;
}

const pidsOf = ({ output }: GatewayProcess) =>
  output.flatMap((line) => {
    const pid = LINES.exec(line)?.[1];
    return pid === undefined ? [] : [Number(pid)];
  });

/** Log lines may come later than what they tell of. */
const untilTold = (gateway: GatewayProcess, count: number) =>
  waitUntil(`${count} processes are told of`, async () => pidsOf(gateway).length === count);

/** Connections that stay open; each new one goes to the next process. */
function connectionsTo({ url }: GatewayProcess, count: number) {
  const agents = Array.from({ length: count }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const send = (agent: Agent, accessToken: string) =>
    new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` };
      const sent = request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      });
      sent.on('error', reject);
      sent.end(JSON.stringify({ query: '{ me { email } }' }));
    });
  return {
    me: ({ accessToken }: Person) => Promise.all(agents.map((agent) => send(agent, accessToken))),
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

const readiness = async ({ url }: GatewayProcess) => (await fetch(`${url}/health/ready`)).status;

describe('GATEHOUSE_WORKERS=2', () => {
  it('serves by two processes on one port, and what one has ended both refuse within 2 s', async () => {
    const gateway = await startTwo();
    expect(new Set(pidsOf(gateway)).size).toBe(2);
    const ada = await gateway.registerSomebody();
    const connections = connectionsTo(gateway, 4);
    for (const answer of await connections.me(ada)) expect(answer).toContain(ada.email);
    await gateway.send(LOGOUT, { refreshToken: ada.refreshToken });
    const endedAt = performance.now();
    for (;;) {
      const sentAt = performance.now();
      const answers = await connections.me(ada);
      if (answers.every((answer) => answer.includes('SESSION_ENDED'))) break;
      expect(sentAt - endedAt).toBeLessThan(BOUND_MS);
    }
    connections.close();
  });

  it('starts another process in the place of one that dies, and is ready only when each is', async () => {
    const gateway = await startTwo();
    await waitUntil('both are ready', async () => (await readiness(gateway)) === 200);
    const ada = await gateway.registerSomebody();
    const [first, second] = pidsOf(gateway) as [number, number];
    process.kill(first, 'SIGKILL');
    await waitUntil('it is not ready', async () => (await readiness(gateway).catch(() => 0)) === 503);
    // A connection that was on its way to the one that died is answered by nobody; the next one is.
    expect((await gateway.me(ada.accessToken)).data.me.email).toBe(ada.email);
    await waitUntil('both are ready again', async () => (await readiness(gateway)) === 200);
    await untilTold(gateway, 3);
    expect(isProcessAlive(second)).toBe(true);
    expect(gateway.output.join('\n')).toContain('worker_ended');
  });

  it('D6: on SIGTERM, each process answers what is in flight, and all end with 0', async () => {
    const gateway = await startTwo();
    const database = deployment.database;
    const slowOnes = [];
    for (let index = 0; index < 2; index += 1) slowOnes.push(await registerSlowOne({ client: gateway, database }));
    const occupations = [];
    for (const slowOne of slowOnes) occupations.push(await occupyHasher({ client: gateway, database, slowOne }));
    const pids = pidsOf(gateway);
    const closed = once(gateway.child, 'close');
    gateway.child.kill('SIGTERM');
    for (const { answer } of occupations) {
      expect((await answer).data.login.__typename).toBe('InvalidCredentials');
    }
    expect(await closed).toEqual([0, null]);
    expect(pids.filter(isProcessAlive)).toEqual([]);
  });

  it('tells a fault of the start once, and ends with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const fault = await startTwo({ PORT: String(port) }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(fault.split(`Port ${port} is taken`)).toHaveLength(2);
    expect(fault).toContain('A process ended while it started');
    taken.close();
  });
});
