import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDevInbox } from '../../src/platform/mail/dev-inbox.js';
import { createFakeClock } from '../support/fake-clock.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { waitUntil } from '../support/wait-until.js';

let gateway: TestGateway;
let production: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  production = await gateway.startSibling({ config: { ...gateway.parts.config, isProduction: true } });
});
afterAll(async () => {
  await production.gateway.close();
  await gateway.close();
});

const get = (path: string, headers: Record<string, string> = {}, url = gateway.url) => fetch(url + path, { headers });

it('shows what was sent, as a page and as JSON, without a mail server', async () => {
  const person = await gateway.registerSomebody();
  await gateway.login(person);
  const mails = async () => (await (await get('/dev/mail.json')).json()) as { to: string; subject: string }[];
  await waitUntil('the mail is shown', async () => (await mails()).length === 2);
  const shown = await mails();
  expect(shown.map(({ subject }) => subject).sort()).toEqual([
    'Confirm your e-mail address',
    'Sign-in on a new device',
  ]);
  for (const mail of shown) {
    expect(mail).toMatchObject({ to: person.email, text: expect.any(String), html: expect.any(String) });
  }
  const page = await get('/dev/mail');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none';style-src-elem 'nonce-/);
  expect(page.headers.get('content-security-policy')).not.toContain('script-src');
  const text = await page.text();
  expect(text).toContain(person.email);
  expect(text).toMatch(/<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" [^>]*srcdoc="&lt;base/);
});

it('is there for this machine alone: not through a proxy, not under another name, not in production', async () => {
  for (const path of ['/dev/mail', '/dev/mail.json']) {
    for (const header of [
      'x-forwarded-for',
      'X-Forwarded-Proto',
      'x-forwarded-host',
      'forwarded',
      'via',
      'x-real-ip',
    ]) {
      expect([header, (await get(path, { [header]: '127.0.0.1' })).status]).toEqual([header, 404]);
    }
    expect((await get(path)).status).toBe(200);
    expect((await get(path, {}, production.gateway.url)).status).toBe(404);
  }
});

it('keeps the last hundred', async () => {
  const inbox = createDevInbox({ clock: createFakeClock() });
  const mailer = inbox.mailer(null);
  for (let number = 1; number <= 120; number += 1) {
    await mailer.send({ id: String(number), to: 'a@example.org', subject: '', text: '', html: '' });
  }
  expect(inbox.mails().map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, index) => String(120 - index)));
});
