/** A mail, ready to be sent. Its subject holds no line break. */
export interface Mail {
  /** One address in canonical form. */
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** A mail on its way; its id, which a second try bears too, lets receivers drop a copy (RFC 5322 3.6.4). */
export interface OutgoingMail extends Mail {
  id: string;
}

/** Delivers mail. */
export interface Mailer {
  /**
   * Resolves once somebody else has taken the mail over.
   *
   * @throws {MailFailure} whose text holds nothing of the mail.
   */
  send(mail: OutgoingMail): Promise<void>;
  /** Lets go of connections. */
  close(): void;
}

/** A mail was not taken. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure';
  /** A word for logs, such as `ETIMEDOUT` or `SMTP_451`. */
  readonly reason: string;
  /** Whether trying again is in vain: this mail is refused for good (RFC 5321 4.2.1, 5yz). */
  readonly isFinal: boolean;

  constructor({ reason, isFinal }: { reason: string; isFinal: boolean }) {
    super(`the mail was not sent: ${reason}`);
    this.reason = reason;
    this.isFinal = isFinal;
  }
}
