import { createServer } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import type { SMTPServerOptions } from 'smtp-server';
import { type Mailer, MailFailure } from '../../../src/platform/mail/mailer.js';
import { createSmtpMailer, type SmtpServer } from '../../../src/platform/mail/smtp-mailer.js';
import { startSmtpServer } from '../../support/smtp-server.js';

const mail = { id: 'm1', to: 'ada@example.org', subject: 'Hello', text: 'Hello\n', html: '<p>Hello</p>' };
const from = { name: 'Grüße, "GmbH" <x>', address: 'no-reply@example.org' };

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

function mailerFor(server: Partial<SmtpServer> & { port: number }, timeouts = {}): Mailer {
  const mailer = createSmtpMailer({
    server: { host: '127.0.0.1', tls: 'off', credential: null, ...server },
    from,
    timeouts,
  });
  opened.push(() => mailer.close());
  return mailer;
}

async function smtp(options: Parameters<typeof startSmtpServer>[0] = {}) {
  const server = await startSmtpServer(options);
  opened.push(() => server.close());
  return server;
}

/** A peer that takes connections and says nothing; `greeting`: but that. */
async function silentPeer(greeting = ''): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    opened.push(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => void server.close());
  return (server.address() as { port: number }).port;
}

async function failureOf(sending: Promise<void>): Promise<MailFailure> {
  const error = await sending.catch((caught: unknown) => caught);
  if (!(error instanceof MailFailure)) throw new Error(`no MailFailure: ${String(error)}`);
  return error;
}

const auth: SMTPServerOptions = {
  authOptional: false,
  allowInsecureAuth: true,
  onAuth: ({ username, password }, _session, done) =>
    username === 'ada' && password === 'right' ? done(null, { user: 'ada' }) : done(new Error('wrong')),
};

it('signs in where a credential is set', async () => {
  const server = await smtp(auth);
  await mailerFor({ port: server.port, credential: { user: 'ada', pass: 'right' } }).send(mail);
  expect(server.received).toMatchObject([{ user: 'ada', to: ['ada@example.org'] }]);
});

it('takes a refused credential for a passing fault, and says nothing of it', async () => {
  const server = await smtp(auth);
  const failure = await failureOf(
    mailerFor({ port: server.port, credential: { user: 'ada', pass: 'canary' } }).send(mail),
  );
  expect(failure).toMatchObject({ reason: 'SMTP_535', isFinal: false });
  expect(JSON.stringify({ ...failure, message: failure.message, stack: failure.stack })).not.toContain('canary');
});

it('sends nothing in clear where STARTTLS is required and the server has none', async () => {
  const server = await smtp();
  const failure = await failureOf(mailerFor({ port: server.port, tls: 'upgrade' }).send(mail));
  expect(failure.isFinal).toBe(false);
  expect(server.tries()).toBe(0);
});

it('trusts no certificate that nobody vouches for, from the start or upgraded', async () => {
  for (const tls of ['start', 'upgrade'] as const) {
    const server = await smtp({ secure: tls === 'start', disabledCommands: [] });
    const failure = await failureOf(mailerFor({ port: server.port, tls }).send(mail));
    expect(failure.isFinal).toBe(false);
    expect(server.tries()).toBe(0);
  }
});

it('gives up on a server that does not greet, or falls silent, or is slow for ever', async () => {
  const quick = { greetingMs: 200, silenceMs: 200 };
  expect(await failureOf(mailerFor({ port: await silentPeer() }, quick).send(mail))).toMatchObject({
    reason: 'ETIMEDOUT',
    isFinal: false,
  });
  expect(await failureOf(mailerFor({ port: await silentPeer('220 hello\r\n') }, quick).send(mail))).toMatchObject({
    reason: 'ETIMEDOUT',
    isFinal: false,
  });
  expect(await failureOf(mailerFor({ port: await silentPeer() }, { totalMs: 200 }).send(mail))).toMatchObject({
    reason: 'ETIMEDOUT',
    isFinal: false,
  });
});

it('I6: line breaks in an address or a subject make no header and no second recipient', async () => {
  const server = await smtp();
  const mailer = mailerFor({ port: server.port });
  const subject = 'Hello\r\nBcc: eve@example.org\r\n\r\nbody';
  await mailer.send({ ...mail, subject, text: '.\r\nQUIT\r\n', html: '' });
  await mailer.send({ ...mail, to: 'ada@example.org\r\nBcc: eve@example.org' }).catch(() => undefined);
  await mailer.send({ ...mail, to: 'ada@example.org, eve@example.org' }).catch(() => undefined);
  expect(server.received.length).toBeGreaterThan(0);
  for (const { raw, to } of server.received) {
    expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(/^bcc:/im);
    expect(to).not.toContain('eve@example.org');
  }
});
