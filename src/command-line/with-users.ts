import { type ChangeRoles, createChangeRoles } from '../administration/change-roles.js';
import { type ChangeUserState, createDisableUser, createEnableUser } from '../administration/change-user-state.js';
import { type CreateUser, createCreateUser } from '../administration/create-user.js';
import { createFindUser, type FindUser } from '../administration/find-user.js';
import { createRoleRepository } from '../administration/role.repository.js';
import { createUserStateRepository } from '../administration/user-state.repository.js';
import { createDataSource } from '../data-source.js';
import { createAuditTrail } from '../platform/audit/audit.js';
import { systemClock } from '../platform/clock.js';
import { createDatabase } from '../platform/database/database.js';
import { createMailWake } from '../platform/mail/mail-wake.js';
import { systemRandom } from '../platform/random.js';
import { createListSessions, type ListSessions } from '../session/list-sessions.js';
import { createRefreshSessionRepository } from '../session/refresh-session.repository.js';
import { createEndingRepository, type EndingRepository } from '../session/revocation/ending.repository.js';
import { createRevocationList } from '../session/revocation/revocation-list.js';
import { createBreachedPasswords } from '../user/password/breached-passwords.js';
import { createCheckNewPassword } from '../user/password/check-new-password.js';
import { createPasswordHasher } from '../user/password/password-hasher.js';
import { type Opened, withDatabase } from './with-database.js';

/** What an operator can do with users and their sessions. */
export interface UserUseCases {
  find: FindUser;
  create: CreateUser;
  disable: ChangeUserState;
  enable: ChangeUserState;
  changeRoles: ChangeRoles;
  listSessions: ListSessions;
  endings: EndingRepository;
}

/** Opens the database for work on users that ends. Gateways learn of it by the feed. */
export function withUsers<Result>(work: (users: UserUseCases) => Promise<Result>): Promise<Result> {
  return withDatabase(async ({ config, log, database: opened }) => {
    const { databaseSchema: schema } = config;
    const isPooled = opened.url !== opened.directUrl;
    const dataSource = createDataSource({ url: opened.url, schema, poolMax: 1, isPooled, hasTimeouts: true });
    await dataSource.initialize();
    const random = systemRandom(systemClock);
    const hasher = createPasswordHasher({ workers: 1, queueMax: 1, cost: config.bcryptCost, random, log });
    try {
      const database = createDatabase({ dataSource, schema, isPooled });
      return await work(assemble({ config, database, hasher, random }));
    } finally {
      await hasher.close();
      await dataSource.destroy();
    }
  });
}

function assemble(needs: {
  config: Opened['config'];
  database: ReturnType<typeof createDatabase>;
  hasher: ReturnType<typeof createPasswordHasher>;
  random: ReturnType<typeof systemRandom>;
}): UserUseCases {
  const { config, database, hasher, random } = needs;
  const clock = systemClock;
  const revocations = createRevocationList({ clock, onUserChanged: () => undefined });
  const endings = createEndingRepository({ database, clock, random, revocations, mailWake: createMailWake() });
  const states = createUserStateRepository({ database, endings });
  const { breachedPasswordsUrl: url, passwordMinLength: minLength } = config;
  const breachedPasswords = url === null ? null : createBreachedPasswords({ url });
  const audit = createAuditTrail({ database, clock, random });
  const checkNewPassword = createCheckNewPassword({ minLength, breachedPasswords, audit });
  const changing = { states, revocations, clock, random };
  const sessions = createRefreshSessionRepository({ database, allowance: config.allowances.REFRESH_SESSION });
  return {
    find: createFindUser({ states }),
    create: createCreateUser({ states, checkNewPassword, hasher, clock, random }),
    disable: createDisableUser(changing),
    enable: createEnableUser(changing),
    changeRoles: createChangeRoles({ roles: createRoleRepository({ database }), revocations, clock, random }),
    listSessions: createListSessions({ sessions, clock }),
    endings,
  };
}
