import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RawConnection, rawConnection, rawExchange } from '../support/raw-http.js';
import { codeOf, post, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let gateway: ThrowAwayGateway;

beforeAll(async () => {
  const limits = {
    headersTimeoutMs: 400,
    requestTimeoutMs: 800,
    timeoutCheckIntervalMs: 50,
    silenceTimeoutMs: 1_500,
    keepAliveTimeoutMs: 300,
  };
  gateway = await startThrowAway({ limits });
});
afterAll(() => gateway.stop());

const start = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const json = '{"query":"mutation{touch}"}';

describe('raw attacks', () => {
  it('H1: closes connections that send headers or a body slowly, or nothing, with 408, and serves others meanwhile', async () => {
    const open = () => rawConnection({ port: gateway.port });
    const [silent, headers, body] = (await Promise.all([open(), open(), open()])) as [
      RawConnection,
      RawConnection,
      RawConnection,
    ];
    headers.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    body.write(`${start}Content-Length: 1000\r\n\r\n{`);
    const dripping = setInterval(() => {
      for (const connection of [headers, body]) if (connection.socket.writable) connection.write('a');
    }, 50);
    const others = await Promise.all(Array.from({ length: 10 }, () => post(gateway)));
    expect(others.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const answers = await Promise.all([silent, headers, body].map((connection) => connection.closed()));
    clearInterval(dripping);
    for (const answer of answers)
      expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"REQUEST_TIMEOUT"/i);
  });

  it('H1: closes a connection whose client does not read its answers', async () => {
    const connection = await rawConnection({ port: gateway.port, waitMs: 10_000 });
    connection.socket.pause();
    // More answers than the buffers of both sides hold.
    const request = `GET /explorer HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    connection.write(request.repeat(4));
    await gatewayHasClosed(gateway);
    connection.socket.destroy();
  });

  it('H8: does not answer a CONNECT in the place of the request that went before it', async () => {
    const connection = await rawConnection({ port: gateway.port });
    const body = '{"query":"{slow}"}';
    connection.write(
      `${start}Content-Length: ${body.length}\r\n\r\n${body}CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    expect(await connection.closed()).not.toMatch(/405/);
  });

  it('closes a connection that stays idle after its answer', async () => {
    const connection = await rawConnection({ port: gateway.port });
    connection.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('H2: refuses 20 KB of headers, a cookie of 5 KB and 1,000 cookies with 431', async () => {
    const many = Array.from({ length: 1000 }, (_, at) => `c${at}=1`);
    const bulks = [
      `X-Big: ${'a'.repeat(20_000)}`,
      `Cookie: big=${'a'.repeat(5_000)}`,
      `Cookie: ${many.join('; ')}`,
      many.map((cookie) => `Cookie: ${cookie}`).join('\r\n'),
    ];
    for (const bulk of bulks) {
      const answer = await rawExchange({
        port: gateway.port,
        text: `GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${bulk}\r\n\r\n`,
      });
      expect(answer).toMatch(/^HTTP\/1\.1 431 [\s\S]*"HEADERS_TOO_LARGE"/);
    }
  });

  it('H5: refuses a length beside chunks, two lengths, folded headers and their like with 400, and closes', async () => {
    const length = `Content-Length: ${json.length}\r\n`;
    const chunked = `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`;
    const smuggled = {
      'CL+TE': `${start}${length}Transfer-Encoding: chunked\r\n\r\n${chunked}`,
      'TE+CL': `${start}Transfer-Encoding: chunked\r\n${length}\r\n${chunked}`,
      'two CL': `${start}${length}Content-Length: 0\r\n\r\n${json}`,
      'two equal CL': `${start}${length}${length}\r\n${json}`,
      'list of CL': `${start}Content-Length: ${json.length}, ${json.length}\r\n\r\n${json}`,
      'signed CL': `${start}Content-Length: +${json.length}\r\n\r\n${json}`,
      'obs-fold': `${start}X-Folded: a\r\n b\r\n${length}\r\n${json}`,
      'folded TE': `${start}Transfer-Encoding:\r\n chunked\r\n\r\n${chunked}`,
      'TE of two codings': `${start}Connection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunked}`,
      'TE not chunked': `${start}Transfer-Encoding: identity\r\n\r\n${json}`,
      'space before colon': `${start}Content-Length : ${json.length}\r\n\r\n${json}`,
      'bare LF': `POST /graphql HTTP/1.1\nHost: localhost\n\n`,
      'HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    };
    for (const [name, text] of Object.entries(smuggled)) {
      const answer = await rawExchange({ port: gateway.port, text });
      expect([name, answer]).toEqual([
        name,
        expect.stringMatching(/^HTTP\/1\.1 400 [\s\S]*connection: close[\s\S]*"BAD_REQUEST"/i),
      ]);
      expect([name, answer.match(/HTTP\/1\.1 /g)?.length]).toEqual([name, 1]);
    }
    expect(gateway.touched()).toBe(0);
  });

  it('refuses garbage with the headers of any other answer', async () => {
    const answer = await rawExchange({ port: gateway.port, text: '\x16\x03\x01canary\r\n\r\n' });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).not.toContain('canary');
  });

  it('drops connections beyond the cap and says so once', async () => {
    const capped = await startThrowAway({ limits: { connectionsMax: 2 } });
    const [first, second] = [await rawConnection({ port: capped.port }), await rawConnection({ port: capped.port })];
    const third = await rawConnection({ port: capped.port });
    const fourth = await rawConnection({ port: capped.port });
    expect([await third.closed(), await fourth.closed()]).toEqual(['', '']);
    first.socket.destroy();
    second.socket.destroy();
    expect(capped.logLines().filter(({ msg }) => msg === 'connections dropped')).toHaveLength(1);
    await capped.stop();
  });

  it('still serves after all that', async () => {
    expect(codeOf(await post(gateway))).toBeUndefined();
  });
});

/** Waits until no connection but that of the pool of fetch is left open. */
async function gatewayHasClosed({ server }: ThrowAwayGateway): Promise<void> {
  for (let tries = 0; tries < 80; tries++) {
    const count = await new Promise<number>((resolve) =>
      server.fastify.server.getConnections((_error, open) => resolve(open)),
    );
    if (count === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('A connection was left open');
}
