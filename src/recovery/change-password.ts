import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';
import type { PasswordWeakness } from '../user/password/password-policy.js';

export type ChangePasswordOutcome =
  | { kind: 'changed'; endedSessions: number; passwordVersion: number; tokenDelivery: 'BODY' | 'COOKIE' }
  | { kind: 'invalid_credentials' }
  | { kind: 'session_ended' }
  | { kind: 'weak_password'; reasons: PasswordWeakness[] }
  | { kind: 'malformed' };

export type ChangePassword = (input: {
  identity: Identity;
  currentPassword: string;
  newPassword: string;
  client: ClientFacts;
}) => Promise<ChangePasswordOutcome>;
