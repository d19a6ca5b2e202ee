import sql from 'sql-template-tag';
import type { Database } from '../platform/database/database.js';

/** What the API shows of a user. */
export interface UserProfile {
  id: string;
  email: string;
  emailVerified: boolean;
  roles: string[];
  createdAt: Date;
}

/** What a check of a password needs. */
export interface Credential {
  userId: string;
  passwordHash: string | null;
  /** Grows with each change of the password. */
  passwordVersion: number;
  isDisabled: boolean;
}

/** The columns of a {@link UserProfile}, from `users AS u` and `user_emails AS e`. */
export const profileColumns = sql`u.id, e.email, e.verified AS "emailVerified", u.roles, u.created_at AS "createdAt"`;

/** Reads users. */
export interface UserRepository {
  /** Those of them who are there and not disabled, in any order. */
  findProfiles(userIds: readonly string[]): Promise<UserProfile[]>;
  findCredential(email: string): Promise<Credential | null>;
  findCredentialOf(userId: string): Promise<Credential | null>;
  /** In which mails to the user are written; null: not known. */
  findLanguage(userId: string): Promise<string | null>;
  /** Another hash of the same password; false: the one that it was to replace is there no more. */
  replacePasswordHash(needs: { userId: string; from: string; to: string }): Promise<boolean>;
}

/** Users in the tables `users` and `user_emails`. */
export function createUserRepository({ database }: { database: Database }): UserRepository {
  const users = database.table('users');
  const emails = database.table('user_emails');
  return {
    findProfiles: (userIds) =>
      database.query<UserProfile>(sql`
        SELECT ${profileColumns} FROM ${users} AS u JOIN ${emails} AS e ON e.user_id = u.id
        WHERE u.id = ANY(${userIds}::uuid[]) AND u.disabled_at IS NULL`),
    findCredentialOf: async (userId) => {
      const [row] = await database.query<Credential>(sql`
        SELECT id AS "userId", password_hash AS "passwordHash", password_version AS "passwordVersion",
          disabled_at IS NOT NULL AS "isDisabled"
        FROM ${users} WHERE id = ${userId}`);
      return row ?? null;
    },
    replacePasswordHash: async ({ userId, from, to }) => {
      const rows = await database.query(sql`
        UPDATE ${users} SET password_hash = ${to} WHERE id = ${userId} AND password_hash = ${from} RETURNING id`);
      return rows.length > 0;
    },
    findLanguage: async (userId) => {
      const [row] = await database.query<{ language: string | null }>(sql`
        SELECT language FROM ${users} WHERE id = ${userId}`);
      return row?.language ?? null;
    },
    findCredential: async (email) => {
      const [row] = await database.query<Credential>(sql`
        SELECT u.id AS "userId", u.password_hash AS "passwordHash", u.password_version AS "passwordVersion",
          u.disabled_at IS NOT NULL AS "isDisabled"
        FROM ${emails} AS e JOIN ${users} AS u ON u.id = e.user_id
        WHERE e.email = ${email}`);
      return row ?? null;
    },
  };
}
