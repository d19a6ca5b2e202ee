import type { GraphqlClient, Tokens } from './graphql-client.js';
import type { TestDatabase } from './test-database.js';

/** A row of `refresh_sessions`, as far as tests ask. */
export interface SessionRow {
  id: string;
  user_id: string;
  generation: number;
  confirmed_generation: number;
  late_answered_generation: number;
  late_answers_in_row: number;
  rotated_at: Date;
  last_used_at: Date;
  expires_at: Date;
  absolute_expires_at: Date;
  revoked_at: Date | null;
  end_cause: string | null;
  salt: Buffer;
}

/** What the refusal of a refresh shows, whatever its cause. */
export const INVALID_GRANT = { code: 'UNAUTHENTICATED', reason: 'INVALID_GRANT' };

/** A session's row; throws where there is none. */
export async function sessionRow(database: TestDatabase, sessionId: string): Promise<SessionRow> {
  const [row] = await database.query<SessionRow>('SELECT * FROM gatehouse.refresh_sessions WHERE id = $1', [sessionId]);
  if (row === undefined) throw new Error('no such session');
  return row;
}

/** What the audit trail says to have changed of a session since it began, oldest first, as "KIND" or "KIND CAUSE". */
export async function auditOf(database: TestDatabase, sessionId: string): Promise<string[]> {
  const rows = await database.query<{ text: string }>(
    `SELECT concat_ws(' ', kind, cause) AS text FROM gatehouse.audit_events
     WHERE session_id = $1 AND kind NOT IN ('REGISTERED', 'LOGIN_SUCCEEDED', 'REFRESH_REFUSED') ORDER BY id`,
    [sessionId],
  );
  return rows.map(({ text }) => text);
}

/** How many of a user's sessions are not ended. */
export async function liveSessions(database: TestDatabase, userId: string): Promise<number> {
  const rows = await database.query(
    'SELECT id FROM gatehouse.refresh_sessions WHERE user_id = $1 AND revoked_at IS NULL',
    [userId],
  );
  return rows.length;
}

/** The claims of a JWT, unchecked. */
export function claimsOf(token: string): { iat: number; exp: number; gen: number; sid: string; sub: string } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** Refreshes and answers the tokens; throws where that is refused. */
export async function refreshed(client: Pick<GraphqlClient, 'refresh'>, refreshToken: string): Promise<Tokens> {
  const { tokens, text } = await client.refresh(refreshToken);
  if (tokens === null) throw new Error(`the refresh was refused: ${text}`);
  return tokens;
}
