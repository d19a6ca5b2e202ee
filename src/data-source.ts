import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { CreateIdentityAndSessions1763900000000 } from '../migrations/1763900000000-create-identity-and-sessions.js';
import { CreateSigningKeys1764000000000 } from '../migrations/1764000000000-create-signing-keys.js';
import { AuditEvent } from './platform/audit/audit-event.entity.js';
import { type ConnectionLimits, connectionOptions } from './platform/database/connection-options.js';
import { RefreshSession } from './session/refresh-session.entity.js';
import { AuthChange } from './session/revocation/auth-change.entity.js';
import { SigningKey } from './session/signing-key/signing-key.entity.js';
import { User } from './user/user.entity.js';
import { UserEmail } from './user/user-email.entity.js';

const gatehouseEntities = [User, UserEmail, RefreshSession, AuthChange, AuditEvent, SigningKey];
const gatehouseMigrations = [CreateIdentityAndSessions1763900000000, CreateSigningKeys1764000000000];

/**
 * The one description of the database that the server, the migrations and TypeORM's command line share;
 * it connects only when it is initialized.
 */
export function createDataSource({
  url,
  schema,
  ...limits
}: { url: string; schema: string } & ConnectionLimits): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    schema,
    entities: gatehouseEntities,
    migrations: gatehouseMigrations,
    migrationsTableName: 'migrations',
    installExtensions: false,
    synchronize: false,
    // TypeORM would print statements with their parameters, password hashes among them.
    logging: false,
    extra: connectionOptions(limits),
  });
}
