import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';

export type RequestEmailChange = (input: {
  identity: Identity;
  email: string;
  client: ClientFacts;
}) => Promise<{ kind: 'requested' } | { kind: 'malformed' }>;
