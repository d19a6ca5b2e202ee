import type { ClientFacts } from '../platform/audit/audit.js';
import type { Logger } from '../platform/logger.js';
import type { EndingRepository } from './revocation/ending.repository.js';
import type { SessionOfToken } from './session-of-token.js';

/** Ends the live sessions of genuine tokens, whosever they are; never throws. */
export type EndReplaced = (input: { refreshTokens: readonly string[]; client: ClientFacts }) => Promise<void>;

/** One browser keeps one cookie; more are junk, or planted, and must not buy statements. */
const TOKENS_MAX = 3;

/**
 * Ends the sessions whose cookie a sign-in replaces, so that one that was planted before is useless after it
 * (session fixation). The new session has begun by then: where an old one can't be ended now, that is logged.
 */
export function createEndReplaced(needs: {
  sessionOfToken: SessionOfToken;
  endings: EndingRepository;
  log: Logger;
}): EndReplaced {
  const { sessionOfToken, endings, log } = needs;
  const endOne = async (refreshToken: string, client: ClientFacts) => {
    const replaced = await sessionOfToken(refreshToken);
    if (replaced !== null) await endings.end({ ...replaced, cause: 'LOGIN_REPLACED', client });
  };
  return async ({ refreshTokens, client }) => {
    for (const refreshToken of refreshTokens.slice(0, TOKENS_MAX)) {
      try {
        await endOne(refreshToken, client);
      } catch (error) {
        const cause = error instanceof Error ? error.message : null;
        log.warn({ event: 'replaced_session_not_ended', cause, requestId: client.requestId });
      }
    }
  };
}
