import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { GOOD_PASSWORD, REGISTER } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let answer: Answer = (_request, response) => void response.end('');
const asked: IncomingMessage[] = [];
const service = createServer((request, response) => {
  asked.push(request);
  answer(request, response);
});
let gate: TestGateway;
beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const { port } = service.address() as { port: number };
  gate = await startTestGateway({
    BREACHED_PASSWORDS_URL: `http://127.0.0.1:${port}/range/`,
    LIMIT_REGISTER_NETWORK: '1000/60',
  });
});
afterEach(() => void asked.splice(0));
afterAll(async () => {
  await gate.close();
  service.closeAllConnections();
  service.close();
});

const sumOf = (password: string) => createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase();
const line = (password: string, count: number) => `${sumOf(password).slice(5)}:${count}`;
const PADDING = `${'0'.repeat(34)}A:0`;

async function verdict(password: string): Promise<object> {
  const input = { email: `${randomUUID()}@example.org`, password };
  const { data, text } = await gate.send(REGISTER, { input });
  expect(text).not.toContain(password);
  const { __typename: kind, reasons } = data.register;
  return { kind, reasons };
}

const unlooked = () =>
  gate.database.query<{ cause: string }>(
    "SELECT cause FROM gatehouse.audit_events WHERE kind = 'BREACHED_PASSWORDS_UNREACHABLE' ORDER BY id",
  );

it('W8: refuses a password that the service lists, of which it learns five digits', async () => {
  answer = (_request, response) => void response.end([PADDING, line(GOOD_PASSWORD, 3)].join('\r\n'));
  expect(await verdict(GOOD_PASSWORD)).toEqual({ kind: 'WeakPassword', reasons: ['BREACHED'] });
  expect(asked.map(({ url, headers }) => [url, headers['add-padding']])).toEqual([
    [`/range/${sumOf(GOOD_PASSWORD).slice(0, 5)}`, 'true'],
  ]);
  expect(JSON.stringify(asked.map(({ rawHeaders }) => rawHeaders))).not.toContain(sumOf(GOOD_PASSWORD).slice(5, 15));
});

it('takes what is not listed, and what only pads the answer', async () => {
  answer = (_request, response) => void response.end(`${line('another', 9)}\n${line(GOOD_PASSWORD, 0)}\n`);
  expect(await verdict(GOOD_PASSWORD)).toMatchObject({ kind: 'AuthPayload' });
  expect(await unlooked()).toEqual([]);
});

it('asks nobody about what is refused anyway', async () => {
  expect(await verdict('short')).toMatchObject({ kind: 'WeakPassword' });
  expect(asked).toEqual([]);
});

it('sums up the form that is hashed (NFC)', async () => {
  const composed = 'ein schönes langes Passwort';
  answer = (_request, response) => void response.end(line(composed, 1));
  expect(await verdict(composed.normalize('NFD'))).toEqual({ kind: 'WeakPassword', reasons: ['BREACHED'] });
});

it('fails open, and says so in the audit trail: an error, a redirect, a broken connection, silence', async () => {
  const failing: Answer[] = [
    (_request, response) => void response.writeHead(503).end(line(GOOD_PASSWORD, 1)),
    (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
    (request) => void request.socket.destroy(),
    () => undefined,
  ];
  for (const failure of failing) {
    answer = failure;
    expect(await verdict(GOOD_PASSWORD)).toMatchObject({ kind: 'AuthPayload' });
  }
  expect((await unlooked()).map(({ cause }) => cause)).toEqual(['STATUS_503', 'UNREACHABLE', 'UNREACHABLE', 'TIMEOUT']);
});

it('asks nobody unless it is set', async () => {
  const silent = await startTestGateway();
  await silent.registerSomebody();
  await silent.close();
  expect(asked).toEqual([]);
});
