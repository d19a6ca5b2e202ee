import { afterEach, expect, it } from '@jest/globals';
import { smtpRefusal, startSmtpServer, type TestSmtpServer } from '../../support/smtp-server.js';
import { startTestGateway, type TestGateway, testConfig } from '../../support/test-gateway.js';
import { waitUntil } from '../../support/wait-until.js';
import { mailRow, writeMail } from '../../support/waiting-mail.js';

const LEASE_SECONDS = 120;
const DAY_SECONDS = 86_400;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function smtp(options: Parameters<typeof startSmtpServer>[0] = {}): Promise<TestSmtpServer> {
  const server = await startSmtpServer(options);
  opened.push(server);
  return server;
}

function settingsFor({ port }: { port: number }): Record<string, string> {
  return { SMTP_URL: `smtp://127.0.0.1:${port}?tls=off`, MAIL_FROM: 'Example <no-reply@example.org>' };
}

async function gatewayFor(server: { port: number }): Promise<TestGateway> {
  const gateway = await startTestGateway(settingsFor(server));
  opened.push(gateway);
  return gateway;
}

const resultOf = async ({ database }: TestGateway, id: string) => (await mailRow(database, id)).result;
const isDone = (gateway: TestGateway, id: string) => async () => (await resultOf(gateway, id)) !== null;
const logged = (gateway: TestGateway, event: string) =>
  gateway.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

/** Waits until the worker has looked twice more, at a moment when it has nothing under way. */
async function nothingMoreComes(gateway: TestGateway): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const id = await writeMail(gateway);
    await waitUntil('the worker has looked', isDone(gateway, id));
  }
}

it('delivers a mail that was written, with its own id, sender and both forms', async () => {
  const server = await smtp();
  const gateway = await gatewayFor(server);
  const id = await writeMail({ ...gateway, address: 'ada@example.org' });
  await waitUntil('the mail is sent', isDone(gateway, id));
  expect(await mailRow(gateway.database, id)).toMatchObject({ result: 'SENT', attempts: 1 });
  expect(server.received).toMatchObject([{ from: 'no-reply@example.org', to: ['ada@example.org'] }]);
  const raw = server.received[0]?.raw;
  expect(raw).toContain(`Message-ID: <${id}@example.org>`);
  expect(raw).toMatch(/^From: Example <no-reply@example\.org>\r$/m);
  expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(raw).toContain('text/plain');
  expect(raw).toContain('text/html');
});

it('tries again, later and later, while the server says not now (4yz)', async () => {
  const server = await smtp({ refuseRecipient: (tries) => (tries <= 2 ? smtpRefusal(451) : null) });
  const gateway = await gatewayFor(server);
  const id = await writeMail(gateway);
  for (const [tries, seconds] of [
    [1, 12],
    [2, 36],
  ] as const) {
    await waitUntil('it was put off', () => logged(gateway, 'mail_delayed').length === tries);
    expect(logged(gateway, 'mail_delayed').at(-1)).toMatchObject({ attempts: tries, reason: 'SMTP_451' });
    await nothingBefore(server, tries);
    gateway.clock.advance(seconds);
  }
  await waitUntil('the mail is sent', isDone(gateway, id));
  expect(await mailRow(gateway.database, id)).toMatchObject({ result: 'SENT', attempts: 3 });
  expect(server.received).toHaveLength(1);
});

async function nothingBefore(server: TestSmtpServer, tries: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(server.tries()).toBe(tries);
}

it('gives up what is refused for good (5yz), and tells the log and the audit trail, without the address', async () => {
  for (const refused of [{ refuseRecipient: () => smtpRefusal(550) }, { refuseContent: () => smtpRefusal(554) }]) {
    const server = await smtp(refused);
    const gateway = await gatewayFor(server);
    const address = 'nobody-there@example.org';
    const id = await writeMail({ ...gateway, address });
    await waitUntil('it is given up', isDone(gateway, id));
    expect(await resultOf(gateway, id)).toBe('REFUSED');
    expect(logged(gateway, 'mail_given_up')).toMatchObject([{ level: 'error', mailId: id, kind: 'NEW_DEVICE' }]);
    expect(gateway.logLines.join('')).not.toContain(address);
    const events = await gateway.database.query('SELECT * FROM gatehouse.audit_events');
    expect(events).toMatchObject([{ kind: 'MAIL_GIVEN_UP', cause: 'NEW_DEVICE_REFUSED' }]);
    expect(JSON.stringify(events)).not.toContain(address);
  }
});

it('keeps what a refused sender or credential is about: that is our fault, not the mail’s', async () => {
  const server = await smtp({ onMailFrom: (_address, _session, done) => done(smtpRefusal(550)) });
  const gateway = await gatewayFor(server);
  const id = await writeMail(gateway);
  await waitUntil('it was put off', () => logged(gateway, 'mail_delayed').length === 1);
  expect(await resultOf(gateway, id)).toBeNull();
});

it('keeps trying while no server is there, and delivers once one is', async () => {
  const placeholder = await startSmtpServer();
  await placeholder.close();
  const gateway = await gatewayFor(placeholder);
  const id = await writeMail({ ...gateway, kind: 'PASSWORD_CHANGED' });
  await waitUntil('it was put off', () => logged(gateway, 'mail_delayed').length === 1);
  expect(logged(gateway, 'mail_delayed')).toMatchObject([{ level: 'warn', reason: 'ESOCKET' }]);
  gateway.clock.advance(6 * DAY_SECONDS);
  await waitUntil('it was put off', () => logged(gateway, 'mail_delayed').length === 2);
  gateway.clock.advance(3_600);
  await waitUntil('it was put off', () => logged(gateway, 'mail_delayed').length === 3);
  expect(await resultOf(gateway, id)).toBeNull();
  gateway.clock.advance(DAY_SECONDS);
  await waitUntil('it is given up', isDone(gateway, id));
  expect(await resultOf(gateway, id)).toBe('TOO_LATE');
});

it('sends what a process claimed and died with, once the lease is over', async () => {
  const server = await smtp();
  const gateway = await gatewayFor(server);
  const id = await writeMail(gateway);
  // As the claim of a process leaves it that ends before it sends.
  const claim = `UPDATE gatehouse.mail_outbox SET attempts = 1, send_at = created_at + $2 * interval '1 second',
    done_at = NULL, result = NULL WHERE id = $1`;
  await waitUntil('the mail is sent', isDone(gateway, id));
  await gateway.database.query(claim, [id, LEASE_SECONDS]);
  server.received.splice(0);
  await nothingMoreComes(gateway);
  expect(server.received.filter(({ raw }) => raw.includes(id))).toHaveLength(0);
  gateway.clock.advance(LEASE_SECONDS + 1);
  await waitUntil('the mail is sent', isDone(gateway, id));
  expect(server.received.filter(({ raw }) => raw.includes(id))).toHaveLength(1);
});

it('sends each mail once, however many processes look', async () => {
  const server = await smtp();
  const gateway = await gatewayFor(server);
  const siblings = await Promise.all(
    [1, 2].map(() => gateway.startSibling({ config: testConfig(settingsFor(server)) })),
  );
  const ids = await Promise.all(Array.from({ length: 60 }, () => writeMail(gateway)));
  await waitUntil('all is sent', async () => {
    const [row] = await gateway.database.query<{ count: string }>(
      "SELECT count(*) FROM gatehouse.mail_outbox WHERE result = 'SENT'",
    );
    return Number(row?.count) === ids.length;
  });
  await Promise.all(siblings.map((sibling) => sibling.gateway.close()));
  const recipients = server.received.map(({ to }) => to[0]).sort();
  expect(recipients).toEqual(ids.map((id) => `${id}@example.org`).sort());
  const senders = [gateway.logLines, ...siblings.map(({ logLines }) => logLines)];
  const sentBy = senders.map((lines) => lines.filter((line) => line.includes('"mail_done"')).length);
  expect(sentBy.reduce((sum, count) => sum + count)).toBe(ids.length);
});

it('leaves a kind that it does not know to a version that does', async () => {
  const gateway = await gatewayFor(await smtp());
  const id = await writeMail({ ...gateway, kind: 'OF_TOMORROW' });
  await nothingMoreComes(gateway);
  expect(await mailRow(gateway.database, id)).toMatchObject({ result: null, attempts: 0 });
});

it('tells of the same event at most once a day, and then how often it was; another device or account counts apart', async () => {
  const server = await smtp();
  const gateway = await gatewayFor(server);
  const event = { ...gateway, address: 'ada@example.org', userId: '00000000-0000-4000-8000-000000000001' };
  const device = 'Firefox, Linux';
  const first = await writeMail({ ...event, details: { device } });
  await waitUntil('the first is sent', isDone(gateway, first));
  // Due at the same moment, so that one look takes them all; slow to be put off, so that each could overtake the other.
  await gateway.database.query(`
    CREATE FUNCTION gatehouse.be_slow() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
    CREATE TRIGGER slow BEFORE UPDATE ON gatehouse.mail_outbox FOR EACH ROW WHEN (NEW.attempts = 0)
      EXECUTE FUNCTION gatehouse.be_slow()`);
  const soon = { ...gateway.clock, now: () => new Date(gateway.clock.now().getTime() + 1_000) };
  const again = await Promise.all(
    Array.from({ length: 8 }, () => writeMail({ ...event, clock: soon, details: { device } })),
  );
  gateway.clock.advance(1);
  const others = [
    await writeMail({ ...event, details: { device: 'Safari, iOS' } }),
    await writeMail({ ...event, kind: 'PASSWORD_CHANGED', details: { device } }),
    await writeMail({ ...event, kind: 'REFRESH_TOKEN_REUSED', details: { device } }),
    await writeMail({ ...event, userId: '00000000-0000-4000-8000-000000000002', details: { device } }),
  ];
  for (const id of others) await waitUntil('the others are sent', isDone(gateway, id));
  await nothingMoreComes(gateway);
  gateway.clock.advance(60);
  await nothingMoreComes(gateway);
  const sentNow = server.received.filter(({ to }) => to.includes('ada@example.org'));
  expect(sentNow).toHaveLength(1 + others.length);

  gateway.clock.advance(DAY_SECONDS);
  for (const id of again) await waitUntil('the rest is done', isDone(gateway, id));
  const results = await Promise.all(again.map((id) => resultOf(gateway, id)));
  expect(results.sort()).toEqual([...again.slice(1).map(() => 'FOLDED'), 'SENT']);
  const sentLater = server.received.filter(({ to }) => to.includes('ada@example.org')).slice(sentNow.length);
  expect(sentLater).toHaveLength(1);
  expect(sentLater[0]?.raw).toContain('8 times');
});

it('sends every notice of a change of address: each bears an undo link of its own', async () => {
  const { mailRules } = await import('../../../src/platform/mail/mail-kind.js');
  expect(mailRules.EMAIL_CHANGED).toEqual({ tryForSeconds: 7 * DAY_SECONDS, isDaily: false });
});

it('sends nothing where SMTP_URL is none, and keeps no mail waiting for ever', async () => {
  const gateway = await startTestGateway({ SMTP_URL: 'none' });
  opened.push(gateway);
  const id = await writeMail(gateway);
  await waitUntil('it is done', isDone(gateway, id));
  expect(await resultOf(gateway, id)).toBe('OFF');
});

it('stops without waiting for a server that hangs; the mail is left to the next look', async () => {
  const server = await smtp({ onRcptTo: () => undefined });
  const gateway = await startTestGateway(settingsFor(server));
  const id = await writeMail(gateway);
  await waitUntil('it is claimed', async () => (await mailRow(gateway.database, id)).attempts === 1);
  await gateway.gateway.close();
  expect(await mailRow(gateway.database, id)).toMatchObject({ result: null, attempts: 1 });
  await gateway.database.drop();
});
