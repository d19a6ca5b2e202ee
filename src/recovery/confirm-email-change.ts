import type { ClientFacts } from '../platform/audit/audit.js';
import type { Viewer } from './vouch.js';

export type ConfirmEmailChangeOutcome =
  | { kind: 'changed'; email: string }
  | { kind: 'email_taken' }
  | { kind: 'link_expired' }
  | { kind: 'password_required' }
  | { kind: 'invalid_credentials' };

export type ConfirmEmailChange = (input: {
  token: string;
  password: string | null;
  viewer: Viewer;
  client: ClientFacts;
}) => Promise<ConfirmEmailChangeOutcome>;
