import type { ClientFacts } from '../platform/audit/audit.js';
import type { Viewer } from './vouch.js';

export type VerifyEmailOutcome =
  | { kind: 'verified'; email: string }
  | { kind: 'link_expired' }
  | { kind: 'password_required' }
  | { kind: 'invalid_credentials' };

export type VerifyEmail = (input: {
  token: string;
  password: string | null;
  viewer: Viewer;
  client: ClientFacts;
}) => Promise<VerifyEmailOutcome>;
