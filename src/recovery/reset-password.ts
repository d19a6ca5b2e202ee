import type { ClientFacts } from '../platform/audit/audit.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';

export type ResetPasswordOutcome =
  | { kind: 'reset'; email: string; userId: string; passwordVersion: number }
  | { kind: 'link_expired' }
  | { kind: 'weak_password'; reasons: PasswordWeakness[] }
  | { kind: 'malformed' };

export type ResetPassword = (input: {
  token: string;
  password: string;
  client: ClientFacts;
}) => Promise<ResetPasswordOutcome>;
