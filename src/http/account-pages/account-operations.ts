import type { AccountPage } from '../../platform/mail/account-link.js';

/** What a page sends to the gateway; `$token` and `$password` are its variables. */
interface AccountOperation {
  /** The root field, whose answer tells the outcome. */
  field: string;
  query: string;
  /** The name of the type that stands for a success. */
  done: string;
  /** Whether the password is a new one. */
  isNewPassword: boolean;
}

const FAILURES = '__typename ... on Failure { message }';
const FAILURES_OF_A_PASSWORD = `${FAILURES} ... on WeakPassword { reasons }`;

/** The operation of each page. In cookie delivery the browser that shows the page becomes a known device. */
export const accountOperations: Record<AccountPage, AccountOperation> = {
  'verify-email': {
    field: 'verifyEmail',
    query: `mutation ($token: String!, $password: String!) { verifyEmail(token: $token, password: $password) { ${FAILURES} } }`,
    done: 'EmailVerified',
    isNewPassword: false,
  },
  'reset-password': {
    field: 'resetPassword',
    query: `mutation ($token: String!, $password: String!) { resetPassword(input: { token: $token, password: $password, tokenDelivery: COOKIE }) { ${FAILURES_OF_A_PASSWORD} } }`,
    done: 'PasswordReset',
    isNewPassword: true,
  },
  'confirm-email-change': {
    field: 'confirmEmailChange',
    query: `mutation ($token: String!, $password: String!) { confirmEmailChange(token: $token, password: $password) { ${FAILURES} } }`,
    done: 'EmailChanged',
    isNewPassword: false,
  },
  'undo-email-change': {
    field: 'undoEmailChange',
    query: `mutation ($token: String!, $password: String!) { undoEmailChange(input: { token: $token, password: $password, tokenDelivery: COOKIE }) { ${FAILURES_OF_A_PASSWORD} } }`,
    done: 'PasswordReset',
    isNewPassword: true,
  },
};

/** What the form for a forgotten password sends. */
export const requestResetQuery = 'mutation ($email: String!) { requestPasswordReset(email: $email) }';
