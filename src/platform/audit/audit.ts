import sql, { type Sql } from 'sql-template-tag';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Random } from '../random.js';
import type { RequestNotes } from '../request-notes.js';

/** Where a request came from; what an audit event and a session keep of it. */
export interface ClientFacts {
  requestId: string;
  ipAddress: string;
  userAgent: string | null;
  /** For the log line of the request; absent where there is none. */
  requestNotes?: RequestNotes;
}

/** Who asked for a change: as a request's facts tell, or nulls where an operator did. */
export type Asker = { [Fact in keyof ClientFacts]: ClientFacts[Fact] | null };

/** An operator: no request asked. */
export const OPERATOR: Asker = { requestId: null, ipAddress: null, userAgent: null };

/** Stands for a user who is not known. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

export type AuditKind =
  | 'REGISTERED'
  | 'REGISTRATION_BEGUN'
  | 'REGISTRATION_REFUSED'
  | 'LOGIN_SUCCEEDED'
  | 'LOGIN_FAILED'
  | 'REAUTHENTICATED'
  | 'REAUTHENTICATION_FAILED'
  | 'AUTHORIZATION_REFUSED'
  | 'ROLES_CHANGED'
  | 'USER_CREATED'
  | 'USER_DISABLED'
  | 'USER_ENABLED'
  | 'REFRESH_REFUSED'
  | 'RATE_LIMITED'
  | 'SESSION_ENDED'
  | 'DATABASE_WENT_BACK'
  | 'LINK_MAILED'
  | 'LINK_REFUSED'
  | 'EMAIL_VERIFICATION_REQUESTED'
  | 'EMAIL_VERIFIED'
  | 'EMAIL_CHANGE_REQUESTED'
  | 'EMAIL_CHANGED'
  | 'EMAIL_CHANGE_UNDONE'
  | 'PASSWORD_RESET_REQUESTED'
  | 'PASSWORD_RESET'
  | 'PASSWORD_CHANGED'
  | 'PASSWORD_CHECK_FAILED'
  | 'ACCOUNT_DELETED'
  | 'SIGNING_KEY_ROTATED'
  | 'SIGNING_KEY_REVOKED'
  | 'MAIL_GIVEN_UP'
  | 'BREACHED_PASSWORDS_UNREACHABLE';

/** What one audit event says; its id is made before the statement that writes it is tried. */
export interface AuditEntry {
  id: string;
  at: Date;
  kind: AuditKind;
  cause: string | null;
  /** Of nulls, where no request asked for it. */
  client: Asker;
}

/** An entry that no request led to. */
export type OperatingAuditEntry = Omit<AuditEntry, 'client'> & { client: null };

/**
 * An `INSERT` of one audit event for every row of `source` (its columns `user_id` and `session_id`), to stand as
 * a part of the statement that makes the change. Where `source` may have several rows, `idColumn` names its column of ids.
 */
export function auditInsert(needs: {
  database: Database;
  entry: AuditEntry | OperatingAuditEntry;
  source: Sql;
  idColumn?: Sql;
}): Sql {
  const { database, entry, source } = needs;
  const { id, at, kind, cause, client } = entry;
  return sql`INSERT INTO ${database.table('audit_events')}
      (user_id, id, at, kind, cause, request_id, session_id, ip_address, user_agent)
    SELECT source.user_id, ${needs.idColumn ?? sql`${id}::uuid`}, ${at}::timestamptz, ${kind}, ${cause},
      ${client?.requestId ?? null}, source.session_id, ${client?.ipAddress ?? null}, ${client?.userAgent ?? null}
    FROM ${source} AS source
    ON CONFLICT DO NOTHING`;
}

/** Writes audit events that come with no other change. */
export interface AuditTrail {
  record(event: {
    kind: AuditKind;
    cause: string;
    userId: string | null;
    sessionId?: string;
    client: Asker;
  }): Promise<void>;
}

/** The trail in the table `audit_events`. */
export function createAuditTrail(needs: { database: Database; clock: Clock; random: Random }): AuditTrail {
  const { database, clock, random } = needs;
  return {
    record: async ({ kind, cause, userId, sessionId, client }) => {
      if (client.requestNotes) client.requestNotes.cause = cause;
      const entry = { id: random.id(), at: clock.now(), kind, cause, client };
      const source = sql`(SELECT ${userId ?? NIL_UUID}::uuid AS user_id, ${sessionId ?? null}::uuid AS session_id)`;
      await database.query(auditInsert({ database, entry, source }));
    },
  };
}
