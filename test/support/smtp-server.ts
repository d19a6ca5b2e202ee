import { once } from 'node:events';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as the server took it. */
export interface ReceivedMail {
  from: string;
  to: string[];
  /** As it was sent, headers included. */
  raw: string;
  isOverTls: boolean;
  user: string | null;
}

/** An SMTP server on this machine. */
export interface TestSmtpServer {
  port: number;
  received: ReceivedMail[];
  /** How many conversations got as far as a recipient. */
  tries(): number;
  close(): Promise<void>;
}

/** An answer that refuses, with this code. */
export function smtpRefusal(code: number): Error {
  return Object.assign(new Error('refused by the test'), { responseCode: code });
}

/** Starts one; `refuse` may refuse a recipient or, after it, the content, by the number of the try (from 1). */
export async function startSmtpServer(
  options: SMTPServerOptions & {
    refuseRecipient?: (tries: number) => Error | null;
    refuseContent?: (tries: number) => Error | null;
  } = {},
): Promise<TestSmtpServer> {
  const { refuseRecipient, refuseContent, ...rest } = options;
  const received: ReceivedMail[] = [];
  let tries = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    onRcptTo: (_address, _session, done) => {
      tries += 1;
      done(refuseRecipient?.(tries) ?? null);
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refusal = refuseContent?.(tries) ?? null;
        if (refusal !== null) return done(refusal);
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString('utf8'),
          isOverTls: session.secure,
          user: session.user === undefined ? null : String(session.user),
        });
        return done();
      });
    },
    ...rest,
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    received,
    tries: () => tries,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The text and the HTML of a mail, decoded. */
export function bodiesOf({ raw }: ReceivedMail): { headers: string; text: string; html: string } {
  const split = raw.indexOf('\r\n\r\n');
  const headers = raw.slice(0, split).replace(/\r\n[ \t]+/g, ' ');
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1] ?? '';
  const parts = raw.slice(split).split(`--${boundary}`);
  const find = (type: string) => decodePart(parts.find((part) => part.includes(`Content-Type: ${type}`)) ?? '');
  return { headers, text: find('text/plain'), html: find('text/html') };
}

function decodePart(part: string): string {
  const split = part.indexOf('\r\n\r\n');
  const encoding = /content-transfer-encoding: (\S+)/i.exec(part.slice(0, split))?.[1] ?? '7bit';
  const body = part.slice(split + 4);
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
