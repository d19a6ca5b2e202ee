import { createTransport } from 'nodemailer';
import { type Mailer, MailFailure } from './mailer.js';

/** How mail leaves. */
export interface SmtpServer {
  host: string;
  port: number;
  /** `start`: TLS from the first byte. `upgrade`: STARTTLS or nothing. `offered`: STARTTLS where the server has it. */
  tls: 'start' | 'upgrade' | 'offered' | 'off';
  /** null: none is asked for. */
  credential: { user: string; pass: string } | null;
}

/** The sender of mail. */
export interface MailSender {
  /** Empty: none. */
  name: string;
  address: string;
}

/** How long each step of a conversation may take, in milliseconds. */
export interface SmtpTimeouts {
  connectMs: number;
  greetingMs: number;
  silenceMs: number;
  /** All of it; shorter than the lease of a claimed mail. */
  totalMs: number;
}

const TIMEOUTS: SmtpTimeouts = { connectMs: 10_000, greetingMs: 10_000, silenceMs: 30_000, totalMs: 60_000 };
const FINAL_CODE_MIN = 500;
/** Of other commands a refusal is about us: the sender, the credential; the mail is worth another try. */
const FINAL_COMMANDS = ['RCPT TO', 'DATA'];

/**
 * Hands mail to an SMTP server (RFC 5321), a connection a mail. A refusal with 5yz of the recipient or the content is
 * final, all else is worth another try.
 */
export function createSmtpMailer(needs: {
  server: SmtpServer;
  from: MailSender;
  timeouts?: Partial<SmtpTimeouts>;
}): Mailer {
  const { server, from } = needs;
  const timeouts = { ...TIMEOUTS, ...needs.timeouts };
  const transport = createTransport({
    host: server.host,
    port: server.port,
    secure: server.tls === 'start',
    requireTLS: server.tls === 'upgrade',
    ignoreTLS: server.tls === 'off',
    // A server of this machine, whose certificate nobody else vouches for.
    ...(server.tls === 'offered' ? { opportunisticTLS: true } : {}),
    ...(server.credential === null ? {} : { auth: server.credential }),
    connectionTimeout: timeouts.connectMs,
    dnsTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  return {
    send: async ({ id, to, subject, text, html }) => {
      const message = {
        from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        // RFC 3834 5: nobody's holiday notice answers this.
        headers: { 'auto-submitted': 'auto-generated' },
      };
      await within(timeouts.totalMs, transport.sendMail(message)).catch((error: unknown) => {
        throw failureOf(error);
      });
    },
    close: () => transport.close(),
  };
}

/** The server's own words stay out: they often quote the address. */
function failureOf(error: unknown): MailFailure {
  const { code, responseCode, command } = Object(error) as { code?: string; responseCode?: number; command?: string };
  const isFinal = (responseCode ?? 0) >= FINAL_CODE_MIN && FINAL_COMMANDS.includes(command ?? '');
  const reason = responseCode === undefined ? (code ?? 'UNKNOWN') : `SMTP_${responseCode}`;
  return new MailFailure({ reason: /^[A-Z0-9_]{1,40}$/.test(reason) ? reason : 'UNKNOWN', isFinal });
}

async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' })), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
