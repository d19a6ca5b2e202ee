import type { GraphqlAnswer, SendOptions } from './graphql-client.js';
import { createMailbox, type Mailbox } from './mailbox.js';
import { startTestGateway, type TestGateway } from './test-gateway.js';

const FAILURE = '__typename ... on Failure { message }';
const RESET = `${FAILURE} ... on PasswordReset { email deviceToken } ... on WeakPassword { reasons }`;

const VERIFY_EMAIL = `mutation V($token: String!, $password: String) {
  verifyEmail(token: $token, password: $password) { ${FAILURE} ... on EmailVerified { email } } }`;
export const REQUEST_RESET = 'mutation Q($email: String!) { requestPasswordReset(email: $email) }';
const RESET_PASSWORD = `mutation R($input: ResetPasswordInput!) { resetPassword(input: $input) { ${RESET} } }`;
export const CHANGE_PASSWORD = `mutation C($currentPassword: String!, $newPassword: String!) {
  changePassword(currentPassword: $currentPassword, newPassword: $newPassword) {
    ${FAILURE} ... on PasswordChanged { endedSessions deviceToken } ... on WeakPassword { reasons } } }`;
export const REQUEST_CHANGE = 'mutation Q($email: String!) { requestEmailChange(email: $email) }';
export const CONFIRM_CHANGE = `mutation F($token: String!, $password: String) {
  confirmEmailChange(token: $token, password: $password) { ${FAILURE} ... on EmailChanged { email } } }`;
export const UNDO_CHANGE = `mutation U($input: UndoEmailChangeInput!) { undoEmailChange(input: $input) { ${RESET} } }`;
export const DELETE_ACCOUNT = 'mutation D { deleteAccount }';

export const NEW_PASSWORD = 'quite another passphrase';

/** A gateway whose mail can be read, with the ways of recovery. */
export interface RecoveryGateway extends TestGateway {
  mailbox: Mailbox;
  requestReset(email: string, options?: SendOptions): Promise<GraphqlAnswer>;
  /** A link for a new password, as the mail brings it. */
  resetToken(email: string): Promise<string>;
  reset(token: string, password?: string, options?: SendOptions): Promise<GraphqlAnswer>;
  verify(token: string, password?: string | null, options?: SendOptions): Promise<GraphqlAnswer>;
  /** The kinds of audit events of a user, oldest first, as "KIND" or "KIND CAUSE". */
  auditOf(userId: string): Promise<string[]>;
}

/** Starts one with these settings. */
export async function startRecoveryGateway(environment: Record<string, string> = {}): Promise<RecoveryGateway> {
  const mailbox = createMailbox();
  const gate = await startTestGateway(environment, { mailer: mailbox.mailer });
  const requestReset: RecoveryGateway['requestReset'] = (email, options) =>
    gate.send(REQUEST_RESET, { email }, options);
  return {
    ...gate,
    mailbox,
    registerSomebody: async (options) => {
      const person = await gate.registerSomebody(options);
      // The link that every new account is sent.
      await mailbox.take(person.user.email);
      return person;
    },
    requestReset,
    resetToken: async (email) => {
      gate.clock.advance(61);
      await requestReset(email);
      return mailbox.takeToken(email);
    },
    reset: (token, password = NEW_PASSWORD, options = {}) =>
      gate.send(RESET_PASSWORD, { input: { token, password } }, options),
    verify: (token, password = null, options = {}) => gate.send(VERIFY_EMAIL, { token, password }, options),
    auditOf: async (userId) => {
      const rows = await gate.database.query<{ text: string }>(
        `SELECT concat_ws(' ', kind, cause) AS text FROM gatehouse.audit_events WHERE user_id = $1 ORDER BY at, id`,
        [userId],
      );
      return rows.map(({ text }) => text);
    },
  };
}
