import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';

export type DeleteAccount = (input: { identity: Identity; client: ClientFacts }) => Promise<void>;
