import type { ClientFacts } from '../platform/audit/audit.js';

export type RequestPasswordReset = (input: {
  email: string;
  client: ClientFacts;
}) => Promise<{ kind: 'requested' } | { kind: 'malformed' }>;
