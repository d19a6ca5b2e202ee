import sql, { type Sql } from 'sql-template-tag';

/** A password that was checked against what the database held a moment ago. */
export interface CheckedPassword {
  passwordHash: string;
  passwordVersion: number;
  /** Whether the hash is one that a login replaces by one of our own making; the password is then the same. */
  mayBeRehashed: boolean;
}

/**
 * A condition on a row of `users`, its alias `u`: that its password still is the one that was checked. Every change of a
 * password raises the version; a mere re-hash does not, and must not turn away whoever was being checked meanwhile.
 */
export function isStillChecked({ passwordHash, passwordVersion, mayBeRehashed }: CheckedPassword): Sql {
  return sql`(u.password_version = ${passwordVersion}
    AND (u.password_hash = ${passwordHash} OR (${mayBeRehashed}::boolean AND u.password_hash IS NOT NULL)))`;
}
