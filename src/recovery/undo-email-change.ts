import type { ClientFacts } from '../platform/audit/audit.js';
import type { ResetPasswordOutcome } from './reset-password.js';

export type UndoEmailChange = (input: {
  token: string;
  password: string;
  client: ClientFacts;
}) => Promise<ResetPasswordOutcome>;
