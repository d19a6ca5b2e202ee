import { type Asker, OPERATOR } from '../platform/audit/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Random } from '../platform/random.js';
import { ROLE_NAME } from '../platform/role-name.js';
import type { RevocationList } from '../session/revocation/revocation-list.js';
import type { RoleRepository } from './role.repository.js';

/**
 * Gives a user these roles in the place of all that they had. Their access tokens are refused from now on, by other
 * processes within two seconds, and the next refresh brings the new roles; sessions go on.
 *
 * @returns false: the user has those roles already, or is not there.
 * @throws {TypeError} where a role is no name such as ADMIN.
 */
export type ChangeRoles = (change: {
  userId: string;
  roles: readonly string[];
  /** Who asked for it, for the audit trail. */
  client?: Asker | undefined;
}) => Promise<boolean>;

/** The change, with its rows in the feed and the audit trail. */
export function createChangeRoles(needs: {
  roles: RoleRepository;
  revocations: RevocationList;
  clock: Clock;
  random: Random;
}): ChangeRoles {
  const { revocations, clock, random } = needs;
  return async ({ userId, roles: given, client }) => {
    const roles = [...new Set(given)];
    if (!roles.every((role) => ROLE_NAME.test(role))) throw new TypeError('a role is a name such as ADMIN');
    const authEpoch = await needs.roles.change({
      userId,
      roles,
      feedId: random.id(),
      audit: {
        id: random.id(),
        at: clock.now(),
        kind: 'ROLES_CHANGED',
        cause: roles.join(' '),
        client: client ?? OPERATOR,
      },
    });
    if (authEpoch === null) return false;
    revocations.noteAll([{ userId, sessionId: null, authEpoch }]);
    return true;
  };
}
