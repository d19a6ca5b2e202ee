import 'reflect-metadata';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/platform/logger.js';
import { ProbeResolver } from '../graphql/probe.resolver.js';
import { type GraphqlAnswer, LOGIN, type Person, REFRESH } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

let gate: TestGateway;
let ada: Person;
beforeAll(async () => {
  gate = await startTestGateway({}, { resolvers: [ProbeResolver] });
  ada = await gate.registerSomebody();
});
afterAll(() => gate.close());

const parsed = () => gate.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);

/** The one line of a request. */
async function lineOf(answer: Pick<GraphqlAnswer, 'headers'>): Promise<Record<string, unknown>> {
  const requestId = answer.headers.get('x-request-id');
  const lines = () => parsed().filter((line) => line['event'] === 'request' && line['requestId'] === requestId);
  await waitUntil('the request is through', async () => lines().length > 0);
  expect(lines()).toHaveLength(1);
  return lines()[0] ?? {};
}

describe('the line of a request', () => {
  it('says what was asked, by whom, and how it ended', async () => {
    expect(await lineOf(await gate.send('query Me { me { id } }', {}, { accessToken: ada.accessToken }))).toMatchObject(
      {
        auth: 'authenticated',
        operation: 'query me',
        status: 200,
      },
    );
    const stranger = await lineOf(await gate.send('{ __typename }'));
    expect(stranger).toMatchObject({ auth: 'anonymous', operation: 'query __typename' });
    expect(Object.keys(stranger)).not.toContain('code');
  });

  it('says why a refresh was refused, which the client is not told', async () => {
    const person = await gate.login(ada);
    const refused = async (refreshToken: string) => {
      const line = await lineOf(await gate.send(REFRESH, { refreshToken }));
      return [line['operation'], line['code'], line['cause']];
    };
    const refusal = (cause: string) => ['mutation refreshToken', 'UNAUTHENTICATED', cause];
    expect(await refused('ghr_nonsense')).toEqual(refusal('MALFORMED'));
    const forged = `${person.refreshToken.slice(0, -2)}${person.refreshToken.endsWith('AA') ? 'BB' : 'AA'}`;
    expect(await refused(forged)).toEqual(refusal('MAC_WRONG'));
    const next = (await gate.refresh(person.refreshToken)).tokens?.refreshToken ?? '';
    await gate.refresh(next);
    expect(await refused(person.refreshToken)).toEqual(refusal('REUSE'));
    expect(await refused(person.refreshToken)).toEqual(refusal('SESSION_REVOKED'));
  });

  it('says why a login failed, an access token was not taken, and a field was forbidden', async () => {
    const login = (email: string) => gate.send(LOGIN, { input: { email, password: 'not the right passphrase' } });
    expect(await lineOf(await login(ada.email))).toMatchObject({
      operation: 'mutation login',
      cause: 'PASSWORD_WRONG',
    });
    expect(await lineOf(await login('nobody@example.org'))).toMatchObject({ cause: 'EMAIL_UNKNOWN' });
    expect(await lineOf(await gate.me('a.b.c'))).toMatchObject({
      auth: 'rejected',
      code: 'UNAUTHENTICATED',
      cause: 'TOKEN_INVALID',
    });
    const forbidden = await gate.send('{ secretOfAdmins }', {}, { accessToken: ada.accessToken });
    expect(await lineOf(forbidden)).toMatchObject({ code: 'FORBIDDEN', cause: expect.any(String) });
  });

  it('L1: holds no secret, wherever a client puts one', async () => {
    const canary = 'canary-canary-canary-canary-canary-canary';
    const answers = [
      await gate.send(`query ${canary.replaceAll('-', '')}{ me { id } }`),
      await gate.send('{ me { id } }', { token: canary, deviceToken: canary }),
      await gate.send(
        '{ me { id } }',
        {},
        { headers: { cookie: `__Host-gatehouse-device=${canary}`, 'x-any': canary } },
      ),
      await gate.send(
        '{ me { id } }',
        {},
        { headers: { 'user-agent': canary, referer: `https://a.test/#token=${canary}` } },
      ),
      await fetch(`${gate.url}/account/reset-password/${canary}?token=${canary}`),
      await fetch(`${gate.url}/graphql?token=${canary}`),
      await fetch(`${gate.url}/graphql`, { method: 'POST', headers: { 'content-type': canary }, body: canary }),
    ];
    for (const answer of answers) await lineOf(answer);
    expect(gate.logLines.join('')).not.toContain('canary-');
    // What a client calls its operation is told, if it is a short name.
    expect(gate.logLines.join('')).toContain('"operation":"query me"');
  });
});

describe('a log line', () => {
  it('L1: holds no value of a secret name, in a list, in another error or five levels down', () => {
    const written: string[] = [];
    const log = createLogger('info', { write: (line: string) => void written.push(line) });
    const failure = Object.assign(new Error('plain'), { Password: 'canary' });
    const input = { newPassword: 'canary', kept: 'here' };
    log.info({ a: [{ deviceToken: 'canary' }], b: { c: { d: { 'Set-Cookie': ['canary'] } } }, failure, input });
    log.error({ err: failure });
    log.error(failure);
    expect(written.join('')).not.toContain('canary');
    expect(written[0]).toContain('"kept":"here"');
    expect(JSON.parse(written[2] ?? '')).toMatchObject({ err: { message: 'plain', stack: expect.any(String) } });
    // Nobody's object is changed by being logged.
    expect([input.newPassword, failure.Password]).toEqual(['canary', 'canary']);
  });

  it('L1: loses what has the shape of a token of ours, whatever text it stands in', () => {
    const written: string[] = [];
    const log = createLogger('info', { write: (line: string) => void written.push(line) });
    const { accessToken, refreshToken } = ada;
    const deviceToken = refreshToken.replace('ghr_', 'ghd_');
    const tokens = [accessToken, refreshToken, deviceToken];
    for (const token of tokens) {
      log.error({ err: new Error(`bad value "${token}"`) });
      log.error({ cause: `${token}` }, `could not use ${token}.`);
    }
    expect(written).toHaveLength(6);
    for (const line of written) expect(JSON.parse(line)).toMatchObject({ level: 'error' });
    for (const token of tokens) expect(written.join('')).not.toContain(token.slice(-40));
  });

  it('stays one line of JSON without a character that a terminal or a reader would act on', () => {
    const written: string[] = [];
    const log = createLogger('info', { write: (line: string) => void written.push(line) });
    const hostile = 'a\r\n{"level":"fatal"}\u001b[2J\u0000\u007f\u0085\u009b31m\u2028\u2029\u202e\u2066\ud800"\\';
    log.info({ event: hostile, [hostile]: { deep: [hostile] }, err: new Error(hostile) }, hostile);
    const [line = ''] = written;
    expect(written).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about these.
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/);
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ event: hostile, msg: hostile, [hostile]: { deep: [hostile] } });
  });

  it('of a request stays one line, whatever its bytes', async () => {
    const count = gate.logLines.length;
    const { port } = new URL(gate.url);
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    const path = '/%0d%0a%1b[2J\u2028\u0085\u009b\u00ff%E2%80%A8';
    socket.end(
      Buffer.from(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: \u009b31m\r\nConnection: close\r\n\r\n`,
        'utf8',
      ),
    );
    socket.resume();
    await waitUntil('it is logged', async () => gate.logLines.length > count);
    for (const line of gate.logLines.slice(count)) {
      expect(line).toMatch(/^[\u0020-\u007e\u00a0-\u2027\u2030-\ud7ff\ue000-\uffff]+\n$/);
      expect(JSON.parse(line)).toMatchObject({ event: 'request' });
    }
  });
});
