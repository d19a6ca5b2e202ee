import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let gateway: ThrowAwayGateway;
let readiness: { isReady: boolean; causes: string[] } = { isReady: true, causes: [] };

beforeAll(async () => {
  gateway = await startThrowAway({ readiness: () => readiness });
});
afterAll(() => gateway.stop());

describe('health', () => {
  it('says that the process lives and whether it is ready', async () => {
    const live = await ask(gateway, { path: '/health/live' });
    expect([live.status, live.json]).toEqual([200, { status: 'live' }]);
    const ready = await ask(gateway, { path: '/health/ready' });
    expect([ready.status, ready.json]).toEqual([200, { status: 'ready' }]);
    expect((await ask(gateway, { path: '/health/live', method: 'HEAD' })).status).toBe(200);
  });

  it('L6: tells no more than a word for each cause', async () => {
    readiness = { isReady: false, causes: ['database', 'connect ECONNREFUSED postgres://user:canary@10.0.0.1/db'] };
    const answer = await ask(gateway, { path: '/health/ready' });
    expect([answer.status, answer.json]).toEqual([503, { status: 'not_ready', causes: ['database', 'other'] }]);
    expect((await ask(gateway, { path: '/metrics' })).status).toBe(404);
  });
});

describe('the log', () => {
  it('has one line for a request: id, method, path, status, duration and operation name', async () => {
    const body = JSON.stringify({ query: 'query Greeting { hello }', operationName: 'Greeting' });
    const requestId = (await post(gateway, { body })).headers.get('x-request-id');
    const lines = gateway.logLines().filter((line) => line.requestId === requestId);
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        event: 'request',
        requestId,
        method: 'POST',
        path: '/graphql',
        status: 200,
        durationMs: expect.any(Number),
        auth: 'anonymous',
        operationName: 'Greeting',
        msg: 'request',
      },
    ]);
  });

  it('never has a header, a body or a query string', async () => {
    const headers = {
      authorization: 'Bearer canary-a',
      cookie: 'c=canary-b',
      'user-agent': 'canary-c',
      'x-canary-d': 'canary-e',
    };
    const canaries = {
      query: '{ hello } # canary-f',
      variables: { password: 'canary-g' },
      operationName: 'canary-h\n',
    };
    await post(gateway, { headers, body: JSON.stringify(canaries) });
    await post(gateway, { headers, body: '{"query":"canary-i' });
    await post(gateway, { path: '/graphql?access_token=canary-j', headers });
    await ask(gateway, { path: '/nowhere?canary-k', headers });
    expect(gateway.logText()).not.toContain('canary');
    expect(gateway.logText()).toContain('/nowhere');
  });
});
