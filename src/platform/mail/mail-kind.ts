const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

interface MailRule {
  /** From when it was written on; then it is given up. */
  tryForSeconds: number;
  /** Whether the same event (kind, address, account and device) is told of at most once a day. */
  isDaily: boolean;
}

/**
 * How long each mail is worth sending, and what bounds repeats. Every change of address is told of at once: each mail
 * bears an undo link of its own, and the limits bound how often it happens.
 */
export const mailRules = {
  VERIFY_EMAIL: { tryForSeconds: DAY_SECONDS, isDaily: false },
  REGISTRATION_ATTEMPT: { tryForSeconds: DAY_SECONDS, isDaily: false },
  /** Who asked has asked again by then. */
  RESET_PASSWORD: { tryForSeconds: HOUR_SECONDS, isDaily: false },
  CONFIRM_EMAIL_CHANGE: { tryForSeconds: DAY_SECONDS, isDaily: false },
  /** As long as its undo link lives. */
  EMAIL_CHANGED: { tryForSeconds: 7 * DAY_SECONDS, isDaily: false },
  PASSWORD_CHANGED: { tryForSeconds: 7 * DAY_SECONDS, isDaily: true },
  NEW_DEVICE: { tryForSeconds: 3 * DAY_SECONDS, isDaily: true },
  REFRESH_TOKEN_REUSED: { tryForSeconds: 3 * DAY_SECONDS, isDaily: true },
} as const satisfies Record<string, MailRule>;

/** Which text a mail has. */
export type MailKind = keyof typeof mailRules;

/** The rule of a kind; null: another version of the gateway knows it. */
export function mailRuleOf(kind: string): MailRule | null {
  return Object.hasOwn(mailRules, kind) ? mailRules[kind as MailKind] : null;
}
