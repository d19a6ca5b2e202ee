import type { Identity } from '../graphql/auth-state.js';
import type { ClientFacts } from '../platform/audit/audit.js';

/** Mails the viewer a link that verifies their address. */
export type RequestEmailVerification = (input: { identity: Identity; client: ClientFacts }) => Promise<void>;
