import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { rawConnection } from '../support/raw-http.js';
import { bodiesOf, smtpRefusal, startSmtpServer, type TestSmtpServer } from '../support/smtp-server.js';
import { startTestGateway, type TestGateway, testConfig } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

const RESET = 'mutation ($email: String!) { requestPasswordReset(email: $email) }';
const USE = `mutation ($token: String!, $password: String!) {
  resetPassword(input: { token: $token, password: $password }) { __typename } }`;
const PUBLIC_URL = 'https://auth.example.org';
const LINK = new RegExp(`${PUBLIC_URL}/account/reset-password#token=([\\w-]+)`);

let refuse: (tries: number) => Error | null = () => null;
let server: TestSmtpServer;
let gate: TestGateway;
let production: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  server = await startSmtpServer({ refuseContent: (tries) => refuse(tries) });
  const settings = {
    SMTP_URL: `smtp://127.0.0.1:${server.port}?tls=off`,
    MAIL_FROM: 'no-reply@example.org',
    PUBLIC_URL,
    TRUSTED_PROXIES: 'loopback',
  };
  gate = await startTestGateway(settings);
  production = await gate.startSibling({ config: { ...testConfig(settings), isProduction: true } });
});
afterAll(async () => {
  await production.gateway.close();
  await gate.close();
  await server.close();
});

const resetMails = (email: string) =>
  server.received.filter(({ to, raw }) => to.includes(email) && raw.includes('reset-password'));

async function linkFor(email: string): Promise<{ token: string; text: string; html: string }> {
  await waitUntil('the link is there', () => resetMails(email).length > 0);
  const [mail] = resetMails(email);
  if (mail === undefined) throw new Error('no mail');
  const { text, html } = bodiesOf(mail);
  return { token: LINK.exec(text)?.[1] ?? '', text, html };
}

it('H6: a forged Host or X-Forwarded-Host has no part in the link of a reset', async () => {
  const { email } = await gate.registerSomebody();
  const body = JSON.stringify({ query: RESET, variables: { email } });
  const connection = await rawConnection({ port: production.gateway.port });
  connection.write(
    [
      'POST /graphql HTTP/1.1',
      'Host: evil.example',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Proto: http',
      'Forwarded: host=evil.example;proto=http',
      'X-Original-Host: evil.example',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  expect(await connection.closed()).toContain('{"requestPasswordReset":true}');
  const { token, text, html } = await linkFor(email);
  expect(token).not.toBe('');
  expect(html).toMatch(LINK);
  for (const part of [text, html, resetMails(email)[0]?.raw ?? '']) expect(part).not.toContain('evil');
});

it('L1: the token of a link is in no log line, no row and no answer, though the server refuses the first try', async () => {
  const { email } = await gate.registerSomebody();
  const seen: string[] = [];
  const before = server.tries();
  refuse = (tries) => (tries === before + 1 ? smtpRefusal(451) : null);
  seen.push((await gate.send(RESET, { email })).text);
  await waitUntil(
    'the first try is over',
    () =>
      gate.logLines.some((line) => line.includes('mail_delayed')) ||
      production.logLines.some((line) => line.includes('mail_delayed')),
  );
  gate.clock.advance(15);
  const { token } = await linkFor(email);
  refuse = () => null;
  seen.push((await gate.send(USE, { token, password: 'short' })).text);
  const used = await gate.send(USE, { token, password: 'another long passphrase' });
  expect(used.data.resetPassword.__typename).toBe('PasswordReset');
  const again = await gate.send(USE, { token, password: 'another long passphrase' });
  expect(again.data.resetPassword.__typename).toBe('LinkExpired');
  seen.push(used.text, again.text, ...gate.logLines, ...production.logLines);
  const tables = await gate.database.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'gatehouse'",
  );
  for (const { name } of tables) {
    seen.push(JSON.stringify(await gate.database.query(`SELECT t::text FROM gatehouse.${name} AS t`)));
  }
  const asHex = Buffer.from(token, 'base64url').toString('hex');
  for (const text of seen) {
    expect(text).not.toContain(token);
    expect(text).not.toContain(asHex);
  }
});

it('writes a reset in the language of the account, else of the request', async () => {
  const german = await gate.registerSomebody({ headers: { 'accept-language': 'de' } });
  const unknown = await gate.registerSomebody();
  await gate.send(RESET, { email: german.email }, { headers: { 'accept-language': 'en' } });
  await gate.send(RESET, { email: unknown.email }, { headers: { 'accept-language': 'de' } });
  expect((await linkFor(german.email)).text).toContain('neues Passwort');
  expect((await linkFor(unknown.email)).text).toContain('neues Passwort');
});

it('mails nothing to an address that nobody has', async () => {
  const email = 'nobody-has-this@example.org';
  expect((await gate.send(RESET, { email })).data).toEqual({ requestPasswordReset: true });
  await waitUntil('the request is done', async () => {
    const sql = 'SELECT result FROM gatehouse.mail_outbox WHERE address = $1';
    const [row] = await gate.database.query<{ result: string | null }>(sql, [email]);
    return row?.result === 'NOT_NEEDED';
  });
  expect(server.received.filter(({ to }) => to.includes(email))).toEqual([]);
});
