import { describe, expect, it } from '@jest/globals';
import { rawConnection } from '../support/raw-http.js';
import { ask, post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

const held = (path = '/graphql') => {
  const body = '{"query":"{held}"}';
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};
const live = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
const ready = 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Longer than any of these tests may take: only the rule under test can end the close. */
const never = { closeHalfSentMs: 60_000, closeLimitMs: 60_000 };

async function expectRefused(gateway: ThrowAwayGateway): Promise<void> {
  await expect(fetch(`${gateway.url}/health/live`)).rejects.toThrow();
}

describe('closing', () => {
  it('answers what is in flight, closes idle connections at once and takes no new ones', async () => {
    const gateway = await startThrowAway({ limits: never });
    const idle = await rawConnection({ port: gateway.port });
    idle.write(live);
    await idle.until(/"live"/);
    const silent = await rawConnection({ port: gateway.port });
    const halfHeaders = await rawConnection({ port: gateway.port });
    halfHeaders.write('POST /graphql HTTP/1.1\r\nHost: loc');
    const busy = await rawConnection({ port: gateway.port });
    busy.write(held());
    await gateway.isHeld;

    const closed = gateway.server.close();
    await Promise.all([idle.closed(), silent.closed(), halfHeaders.closed()]);
    await expectRefused(gateway);
    expect(busy.received()).toBe('');
    gateway.release();
    expect(await busy.closed()).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*"released"/i);
    await closed;
    await gateway.stop();
  });

  it('answers every request that was pipelined, the last of them with readiness off', async () => {
    const gateway = await startThrowAway({ limits: never });
    const busy = await rawConnection({ port: gateway.port });
    busy.write(held());
    await gateway.isHeld;
    const closed = gateway.server.close();
    busy.write(held() + ready);
    // Answers leave in the order of their requests: wait until the last has been heard.
    await gateway.isHeldTimes(2);
    gateway.release();
    expect(await busy.closed()).toMatch(
      /^HTTP[\s\S]*"released"[\s\S]*"released"[\s\S]*connection: close[\s\S]*"causes":\["closing"\]/i,
    );
    await closed;
    await gateway.stop();
  });

  it('sends the rest of an answer that had begun, then closes', async () => {
    const gateway = await startThrowAway({ limits: never });
    const reader = await rawConnection({ port: gateway.port });
    reader.write('GET /explorer HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await reader.until(/^HTTP\/1\.1 200 /);
    reader.socket.pause();
    const closed = gateway.server.close();
    await expectRefused(gateway);
    const begun = reader.received();
    reader.socket.resume();
    const answer = await reader.closed();
    const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
    expect(begun.length).toBeLessThan(length);
    expect(begun).not.toMatch(/connection: close/i);
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(length);
    await closed;
    await gateway.stop();
  });

  it('keeps accepting while readiness is announced to be off, where that is asked for', async () => {
    const gateway = await startThrowAway({ limits: { ...never, closeNoticeMs: 400 } });
    const closed = gateway.server.close();
    const answer = await ask(gateway, { path: '/health/ready' });
    expect([answer.status, answer.json, answer.headers.get('connection')]).toEqual([
      503,
      { status: 'not_ready', causes: ['closing'] },
      'close',
    ]);
    await closed;
    await expectRefused(gateway);
    await gateway.stop();
  });

  it('cuts a request that is half sent at the deadline, and no other', async () => {
    const gateway = await startThrowAway({ limits: { ...never, closeHalfSentMs: 300 } });
    const half = await rawConnection({ port: gateway.port });
    half.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    const busy = await rawConnection({ port: gateway.port });
    busy.write(held());
    await gateway.isHeld;
    const closed = gateway.server.close();
    expect(await half.closed()).toBe('');
    expect(busy.received()).toBe('');
    gateway.release();
    expect(await busy.closed()).toMatch(/"released"/);
    await closed;
    expect(gateway.logLines().find(({ msg }) => msg === 'connections cut while closing')).toMatchObject({
      count: 1,
      reason: 'half_sent',
    });
    await gateway.stop();
  });

  it('cuts everything at the limit', async () => {
    const gateway = await startThrowAway({ limits: { closeHalfSentMs: 50, closeLimitMs: 200 } });
    const busy = await rawConnection({ port: gateway.port });
    busy.write(held());
    await gateway.isHeld;
    await gateway.server.close();
    expect(await busy.closed()).toBe('');
    await gateway.stop();
  });

  it('is not held up by the kept connections of clients, and may be asked for twice', async () => {
    const gateway = await startThrowAway({ limits: never });
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(gateway)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await Promise.all([gateway.server.close(), gateway.server.close()]);
    await gateway.stop();
  });
});
