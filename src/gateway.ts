import type { ApolloServer } from '@apollo/server';
import sql from 'sql-template-tag';
import type { Config } from './config.js';
import { createDataSource } from './data-source.js';
import { createApolloServer } from './graphql/apollo-server.js';
import { buildGatewaySchema, type OnForbidden, type ResolverClasses } from './graphql/build-gateway-schema.js';
import { createContextFactory, type GatewayContext } from './graphql/context.js';
import { landingPagePlugins } from './http/landing-page.js';
import { createHttpServer } from './http/server.js';
import { type AuditTrail, createAuditTrail } from './platform/audit/audit.js';
import type { Clock } from './platform/clock.js';
import { type ClockCheck, createClockCheck } from './platform/clock-check.js';
import { type Closing, createClosing } from './platform/closing.js';
import { createDatabase, type Database } from './platform/database/database.js';
import type { Logger } from './platform/logger.js';
import type { Random } from './platform/random.js';
import type { SigningKeys } from './session/access-token/signing-keys.js';
import { LEEWAY_SECONDS } from './session/access-token/verify-access-token.js';
import { assembleSessions } from './session/assemble-sessions.js';
import type { RevocationFeed } from './session/revocation/revocation-feed.js';
import { SessionResolver } from './session/session.resolver.js';
import { SignInResolver } from './session/sign-in.resolver.js';
import { openSigningKeys } from './session/signing-key/open-signing-keys.js';
import { createFindViewer } from './user/find-viewer.js';
import { createPasswordHasher } from './user/password/password-hasher.js';
import { createUserRepository, type UserRepository } from './user/user.repository.js';
import { UserResolver } from './user/user.resolver.js';

/** What a gateway is made of: nothing here is read from the environment, drawn or looked up on a clock of its own. */
export interface GatewayParts {
  config: Config;
  /** The database that requests use. */
  databaseUrl: string;
  /** The same one past any pooler. */
  databaseDirectUrl: string;
  refreshTokenSecrets: readonly Buffer[];
  /** null: they live in the database, encrypted under `keyEncryptionKeys`. */
  signingKeys: SigningKeys | null;
  /** The first encrypts, all decrypt. */
  keyEncryptionKeys: readonly Buffer[];
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

/** Starts a gateway on a database that is migrated; it serves once this resolves. A failed start leaves nothing open. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const closing = createClosing();
  try {
    return await open(parts, closing);
  } catch (error) {
    // Whatever else fails on the way down must not hide why.
    await closing.close().catch(() => undefined);
    throw error;
  }
}

async function open(parts: GatewayParts, closing: Closing): Promise<Gateway> {
  const { config, clock, random, log } = parts;
  if (config.isProduction && config.isIssuerGuessed) {
    log.warn({ event: 'issuer_guessed', issuer: config.jwtIssuer }, 'set PUBLIC_URL: access tokens name it as issuer');
  }
  const database = await openDatabase(parts, closing);
  const { hashWorkers: workers, hashQueueMax: queueMax, bcryptCost: cost } = config;
  const hasher = createPasswordHasher({ workers, queueMax, cost, random, log });
  closing.add(() => hasher.close());
  const audit = createAuditTrail({ database, clock, random });
  const users = createUserRepository({ database });
  const keys = await openSigningKeys({ ...parts, database });
  closing.add(() => keys.follower?.stop());
  const { signingKeys, follower: keysFollower } = keys;
  const sessions = assembleSessions({ ...parts, signingKeys, keysFollower, database, users, hasher, audit });
  const { feed, activity } = sessions;
  const clockCheck = createClockCheck({ database, clock, leewaySeconds: LEEWAY_SECONDS, log });
  closing.add(() => feed.stop());
  closing.add(() => activity.stop());
  closing.add(() => clockCheck.stop());
  await Promise.all([feed.start(), clockCheck.start(), warnWithoutStatementTimeout({ database, log })]);
  activity.start();

  const apollo = await createApollo({ parts, users, audit, sessions });
  closing.add(() => apollo.stop());
  const http = await createHttpServer({
    ...parts,
    limits: config.httpLimits,
    apollo,
    context: createContextFactory(sessions),
    jwks: () => signingKeys.jwks,
    readiness: () => readinessOf({ feed, clockCheck, areKeysReadable: keys.areReadable() }),
  });
  closing.add(() => http.close());
  return { ...(await http.listen()), hashings: () => hasher.hashings(), close: () => closing.close() };
}

async function openDatabase(parts: GatewayParts, closing: Closing): Promise<Database> {
  const { config, databaseUrl, databaseDirectUrl } = parts;
  const isPooled = databaseUrl !== databaseDirectUrl;
  const schema = config.databaseSchema;
  const limits = { poolMax: config.databasePoolMax, isPooled, hasTimeouts: true };
  const dataSource = createDataSource({ url: databaseUrl, schema, ...limits });
  await dataSource.initialize();
  closing.add(() => dataSource.destroy());
  return createDatabase({ dataSource, schema, isPooled });
}

function readinessOf(needs: { feed: RevocationFeed; clockCheck: ClockCheck; areKeysReadable: boolean }) {
  const { feed, clockCheck, areKeysReadable } = needs;
  const causes = [
    ...(feed.isBehind() ? ['revocation_feed_behind'] : []),
    ...(clockCheck.isOff() ? ['clock_differs'] : []),
    ...(areKeysReadable ? [] : ['signing_key_unreadable']),
  ];
  return { isReady: causes.length === 0, causes };
}

async function createApollo(needs: {
  parts: GatewayParts;
  users: UserRepository;
  audit: AuditTrail;
  sessions: ReturnType<typeof assembleSessions>;
}): Promise<ApolloServer<GatewayContext>> {
  const { parts, users, audit, sessions } = needs;
  const { isProduction, hasIntrospection, graphqlLimits: limits } = parts.config;
  const instances = new Map<unknown, object>([
    [UserResolver, new UserResolver(createFindViewer({ users }))],
    [SignInResolver, new SignInResolver(sessions)],
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

/** A mere warning: where it can't be told, nothing is said. */
async function warnWithoutStatementTimeout({ database, log }: { database: Database; log: Logger }): Promise<void> {
  const statement = sql`SHOW statement_timeout`;
  const [row] = await database.query<{ statement_timeout: string }>(statement).catch(() => []);
  if (row?.statement_timeout !== '0') return;
  log.warn(
    { event: 'no_statement_timeout' },
    'the database sets no statement_timeout for our role: set one with ALTER ROLE',
  );
}
