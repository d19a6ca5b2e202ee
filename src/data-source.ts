import 'reflect-metadata';
import { DataSource, getMetadataArgsStorage } from 'typeorm';
import { CreateIdentityAndSessions1763900000000 } from '../migrations/1763900000000-create-identity-and-sessions.js';
import { CreateSigningKeys1764000000000 } from '../migrations/1764000000000-create-signing-keys.js';
import { PrepareRecovery1764100000000 } from '../migrations/1764100000000-prepare-recovery.js';
import { CreateLimits1764200000000 } from '../migrations/1764200000000-create-limits.js';
import { CreateAccountTokens1764300000000 } from '../migrations/1764300000000-create-account-tokens.js';
import { AuditEvent } from './platform/audit/audit-event.entity.js';
import { type ConnectionLimits, connectionOptions } from './platform/database/connection-options.js';
import { MIGRATIONS_TABLE } from './platform/database/migrate.js';
import { LimitCounter } from './platform/limits/limit-counter.entity.js';
import { WaitingMail } from './platform/mail/waiting-mail.entity.js';
import { AccountTokenRow } from './recovery/account-token.entity.js';
import { RefreshSession } from './session/refresh-session.entity.js';
import { PendingRegistration } from './session/registration/pending-registration.entity.js';
import { AuthChange } from './session/revocation/auth-change.entity.js';
import { SigningKey } from './session/signing-key/signing-key.entity.js';
import { User } from './user/user.entity.js';
import { UserEmail } from './user/user-email.entity.js';

/** The gateway's tables, for an application's own DataSource; in the schema `gatehouse`. */
export const gatehouseEntities = [
  User,
  UserEmail,
  RefreshSession,
  AuthChange,
  AuditEvent,
  SigningKey,
  WaitingMail,
  LimitCounter,
  AccountTokenRow,
  PendingRegistration,
] as const;
/** For a migration step of an application's own; the gateway runs them by itself when it opens, and keeps its own list of them. */
export const gatehouseMigrations = [
  CreateIdentityAndSessions1763900000000,
  CreateSigningKeys1764000000000,
  PrepareRecovery1764100000000,
  CreateLimits1764200000000,
  CreateAccountTokens1764300000000,
];

/**
 * The one description of the database that the server, the migrations and TypeORM's command line share;
 * it connects only when it is initialized.
 */
export function createDataSource({
  url,
  schema,
  ...limits
}: { url: string; schema: string } & ConnectionLimits): DataSource {
  inSchema(schema);
  return new DataSource({
    type: 'postgres',
    url,
    schema,
    entities: [...gatehouseEntities],
    migrations: gatehouseMigrations,
    migrationsTableName: MIGRATIONS_TABLE,
    installExtensions: false,
    synchronize: false,
    // TypeORM would print statements with their parameters, password hashes among them.
    logging: false,
    extra: connectionOptions(limits),
  });
}

/** What a decorator says of the schema counts for more than what the DataSource says. */
function inSchema(schema: string): void {
  const ours = new Set<unknown>(gatehouseEntities);
  for (const table of getMetadataArgsStorage().tables) {
    if (ours.has(table.target)) table.schema = schema;
  }
}
