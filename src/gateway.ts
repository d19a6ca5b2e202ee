import type { ApolloServer } from '@apollo/server';
import sql from 'sql-template-tag';
import type { DataSource } from 'typeorm';
import type { Config } from './config.js';
import { createDataSource } from './data-source.js';
import { createApolloServer } from './graphql/apollo-server.js';
import { buildGatewaySchema, type OnForbidden, type ResolverClasses } from './graphql/build-gateway-schema.js';
import { createContextFactory, type GatewayContext } from './graphql/context.js';
import { landingPagePlugins } from './http/landing-page.js';
import { createHttpServer, type HttpServer } from './http/server.js';
import { type AuditTrail, createAuditTrail } from './platform/audit/audit.js';
import type { Clock } from './platform/clock.js';
import { createClockCheck } from './platform/clock-check.js';
import { createDatabase, type Database } from './platform/database/database.js';
import type { Logger } from './platform/logger.js';
import type { Random } from './platform/random.js';
import type { SigningKeys } from './session/access-token/signing-keys.js';
import { LEEWAY_SECONDS } from './session/access-token/verify-access-token.js';
import { assembleSessions } from './session/assemble-sessions.js';
import { SessionResolver } from './session/session.resolver.js';
import { SignInResolver } from './session/sign-in.resolver.js';
import { createFindViewer } from './user/find-viewer.js';
import { createPasswordHasher, type PasswordHasher } from './user/password/password-hasher.js';
import { createUserRepository } from './user/user.repository.js';
import { UserResolver } from './user/user.resolver.js';

/** What a gateway is made of: nothing here is read from the environment, drawn or looked up on a clock of its own. */
export interface GatewayParts {
  config: Config;
  /** The database that requests use. */
  databaseUrl: string;
  /** The same one past any pooler. */
  databaseDirectUrl: string;
  refreshTokenSecrets: readonly Buffer[];
  signingKeys: SigningKeys;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Resolver classes beside the gateway's own; denial by default holds for them too. */
  resolvers?: readonly ResolverClasses[number][];
}

/** A gateway that serves. */
export interface Gateway {
  url: string;
  port: number;
  /** How often a password was hashed so far. */
  hashings(): number;
  /** Answers what is in flight, writes what is left, and lets go of everything. */
  close(): Promise<void>;
}

/** The resolvers that every gateway has. */
export const gatewayResolvers: ResolverClasses = [SessionResolver, SignInResolver, UserResolver];

/** Starts a gateway on a database that is migrated; it serves once this resolves. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, random, log } = parts;
  const isPooled = parts.databaseUrl !== parts.databaseDirectUrl;
  const limits = { poolMax: config.databasePoolMax, isPooled, hasTimeouts: true };
  const dataSource = createDataSource({ url: parts.databaseUrl, schema: config.databaseSchema, ...limits });
  await dataSource.initialize();
  const database = createDatabase({ dataSource, schema: config.databaseSchema, isPooled });
  const hasher = createPasswordHasher({
    workers: config.hashWorkers,
    queueMax: config.hashQueueMax,
    cost: config.bcryptCost,
    random,
    log,
  });
  try {
    return await serve({ parts, dataSource, database, hasher });
  } catch (error) {
    await hasher.close();
    // Where it failed late, everything is closed already; closing twice would throw and hide the fault.
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  }
}

interface OpenParts {
  parts: GatewayParts;
  dataSource: DataSource;
  database: Database;
  hasher: PasswordHasher;
}

async function serve({ parts, dataSource, database, hasher }: OpenParts): Promise<Gateway> {
  const { clock, log } = parts;
  const audit = createAuditTrail({ database, clock, random: parts.random });
  const sessions = assembleSessions({ ...parts, database, hasher, audit });
  const apollo = await createApollo({ parts, database, audit, sessions });
  const clockCheck = createClockCheck({ database, clock, leewaySeconds: LEEWAY_SECONDS, log });
  const { feed, activity } = sessions;
  const readiness = () => {
    const causes = [
      ...(feed.isBehind() ? ['revocation_feed_behind'] : []),
      ...(clockCheck.isOff() ? ['clock_differs'] : []),
    ];
    return { isReady: causes.length === 0, causes };
  };
  const http = await createHttpServer({
    ...parts,
    apollo,
    context: createContextFactory(sessions),
    jwks: () => parts.signingKeys.jwks,
    readiness,
  });
  const close = async () => {
    await http.close();
    await apollo.stop();
    clockCheck.stop();
    await activity.stop();
    await feed.stop();
    await hasher.close();
    await dataSource.destroy();
  };
  await Promise.all([feed.start(), clockCheck.start(), warnWithoutStatementTimeout({ database, log })]);
  activity.start();
  const { url, port } = await listen(http, close);
  return { url, port, hashings: () => hasher.hashings(), close };
}

async function listen(http: HttpServer, close: () => Promise<void>): Promise<{ url: string; port: number }> {
  try {
    return await http.listen();
  } catch (error) {
    await close();
    throw error;
  }
}

async function createApollo(needs: {
  parts: GatewayParts;
  database: Database;
  audit: AuditTrail;
  sessions: ReturnType<typeof assembleSessions>;
}): Promise<ApolloServer<GatewayContext>> {
  const { parts, database, audit, sessions } = needs;
  const { isProduction, hasIntrospection, graphqlLimits: limits } = parts.config;
  const users = createUserRepository({ database });
  const instances = new Map<unknown, object>([
    [UserResolver, new UserResolver(createFindViewer({ users }))],
    [SignInResolver, new SignInResolver(sessions.useCases)],
    [SessionResolver, new SessionResolver(sessions.useCases)],
  ]);
  const onForbidden: OnForbidden = (client, { userId, sessionId }) =>
    audit.record({ kind: 'AUTHORIZATION_REFUSED', cause: 'ROLE_MISSING', userId, sessionId, client });
  const schema = await buildGatewaySchema({
    resolvers: [...gatewayResolvers, ...(parts.resolvers ?? [])] as unknown as ResolverClasses,
    container: { get: (resolver) => instances.get(resolver) ?? new resolver() },
    onForbidden,
  });
  const plugins = landingPagePlugins({ isProduction });
  const apollo = createApolloServer({ schema, hasIntrospection, isProduction, limits, plugins, log: parts.log });
  await apollo.start();
  return apollo;
}

async function warnWithoutStatementTimeout({ database, log }: { database: Database; log: Logger }): Promise<void> {
  const [row] = await database.query<{ statement_timeout: string }>(sql`SHOW statement_timeout`);
  if (row?.statement_timeout !== '0') return;
  log.warn(
    { event: 'no_statement_timeout' },
    'the database sets no statement_timeout for our role: set one with ALTER ROLE',
  );
}
