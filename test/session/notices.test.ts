import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { bodiesOf, type ReceivedMail, startSmtpServer, type TestSmtpServer } from '../support/smtp-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

let server: TestSmtpServer;
let gateway: TestGateway;
beforeAll(async () => {
  server = await startSmtpServer();
  gateway = await startTestGateway({
    SMTP_URL: `smtp://127.0.0.1:${server.port}?tls=off`,
    MAIL_FROM: 'Example <no-reply@example.org>',
  });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});

/** All but the one that asks for a confirmation. */
const mailsTo = (email: string) =>
  server.received.filter(({ to, raw }) => to.includes(email) && !raw.includes('/account/verify-email'));

async function firstMailTo(email: string): Promise<ReceivedMail> {
  await waitUntil('a mail is there', () => mailsTo(email).length > 0);
  const [first] = mailsTo(email);
  if (first === undefined) throw new Error('no mail');
  return first;
}

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

it('tells of a sign-in on a new device, in the language of the registration; the first one, at registration, is none', async () => {
  const person = await gateway.registerSomebody({ headers: { 'accept-language': 'de-CH, de;q=0.9, en;q=0.8' } });
  await gateway.login(person, { headers: { 'user-agent': FIREFOX, 'accept-language': 'en' } });
  const mail = await firstMailTo(person.email);
  const { headers, text, html } = bodiesOf(mail);
  expect(headers).toContain('Anmeldung_auf_einem_neuen_Ger=C3=A4t?=');
  for (const body of [text, html]) {
    expect(body).toContain('bisher unbekannten Gerät');
    expect(body).toContain('Firefox, Linux');
    expect(body).toContain('127.0.0.1');
  }
  expect(mailsTo(person.email)).toHaveLength(1);
});

it('writes in English where no language is known', async () => {
  const person = await gateway.registerSomebody({ headers: { 'accept-language': '*' } });
  await gateway.login(person);
  expect(bodiesOf(await firstMailTo(person.email)).headers).toContain('Subject: Sign-in on a new device');
});

it('tells nobody of a sign-in that was refused', async () => {
  const person = await gateway.registerSomebody();
  await expect(gateway.login({ ...person, password: 'another long passphrase' })).rejects.toThrow('refused');
  const [row] = await gateway.database.query<{ count: string }>(
    "SELECT count(*) FROM gatehouse.mail_outbox WHERE address = $1 AND kind <> 'VERIFY_EMAIL'",
    [person.email],
  );
  expect(row?.count).toBe('0');
});

it('tells of a reused refresh token, written with the end of its session', async () => {
  const person = await gateway.registerSomebody();
  const second = await gateway.refresh(person.refreshToken);
  await gateway.refresh(second.tokens?.refreshToken ?? '');
  expect((await gateway.refresh(person.refreshToken)).tokens).toBeNull();
  const rows = await gateway.database.query(
    `SELECT m.kind FROM gatehouse.mail_outbox AS m JOIN gatehouse.refresh_sessions AS s
     ON s.user_id = m.user_id AND s.revoked_at = m.created_at WHERE m.address = $1 AND m.kind <> 'VERIFY_EMAIL'`,
    [person.email],
  );
  expect(rows).toEqual([{ kind: 'REFRESH_TOKEN_REUSED' }]);
  expect(bodiesOf(await firstMailTo(person.email)).headers).toContain('Subject: A session of your account was ended');
  // Sent again, the dead token ends nothing, and tells of nothing.
  await gateway.refresh(person.refreshToken);
  expect(mailsTo(person.email)).toHaveLength(1);
});

it('I7: what somebody wrote into a header is not in the mail', async () => {
  const person = await gateway.registerSomebody();
  const userAgent = 'Firefox/1 <a href="https://evil.example">pay now</a> Windows';
  await gateway.login(person, { headers: { 'user-agent': userAgent } });
  const { text, html, headers } = bodiesOf(await firstMailTo(person.email));
  expect(text).toContain('Firefox, Windows');
  for (const part of [text, html, headers]) expect(part).not.toMatch(/evil|pay now/);
});

it('I7: an address with signs of HTML is escaped', async () => {
  const { renderMail } = await import('../../src/platform/mail/templates/render-mail.js');
  const details = { newEmail: 'o\'<b>&"x@example.org\r\n\r\nHello' };
  for (const language of ['en', 'de', null, 'xx']) {
    const link = 'https://auth.example.org/account/undo-email-change#token=a"b';
    const mail = renderMail({ kind: 'EMAIL_CHANGED', language, to: 'ada@example.org', details, link });
    expect(mail.html).toContain('o&#39;&lt;b&gt;&amp;&quot;x@example.org Hello');
    expect(mail.html).toContain('#token=a&quot;b"');
    expect(mail.html).not.toContain('<b>');
    expect(mail.text).toContain('o\'<b>&"x@example.org Hello');
  }
});

it('H6: links begin with PUBLIC_URL, whatever a request calls the gateway', async () => {
  const { createAccountLink } = await import('../../src/platform/mail/account-link.js');
  const link = createAccountLink({ publicUrl: 'https://auth.example.org/' });
  expect(link({ page: 'reset-password', token: 'a b#c' })).toBe(
    'https://auth.example.org/account/reset-password#token=a%20b%23c',
  );
});
