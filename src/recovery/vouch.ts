import type { Identity } from '../graphql/auth-state.js';

/** The caller, sure to be signed in now; null: nobody. Rejects for a bad access token, so that the client refreshes. */
export type Viewer = () => Promise<Identity | null>;
