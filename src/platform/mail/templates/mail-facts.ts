/** What a text may name, as it is to be read. */
export interface MailFacts {
  /** null: the mail has no link. */
  link: string | null;
  /** When it happened; null: not told. */
  at: string | null;
  /** Of a few names, such as `Firefox, Windows`; null: unknown. */
  device: string | null;
  ipAddress: string | null;
  /** The address that an account was changed to. */
  newEmail: string | null;
  /** How often the same happened since the last mail of it; 0: once. */
  repeats: number;
}
