import type { ApolloServer, ApolloServerOptionsWithSchema } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import { type ChangeRoles, createChangeRoles } from './administration/change-roles.js';
import { type ChangeUserState, createDisableUser, createEnableUser } from './administration/change-user-state.js';
import { createHousekeeping } from './administration/housekeeping.js';
import { createRoleRepository } from './administration/role.repository.js';
import { createUserStateRepository } from './administration/user-state.repository.js';
import { assembleMail } from './assemble-mail.js';
import { type Config, statementsMax } from './config.js';
import { createDataSource } from './data-source.js';
import { createGatewaySchema, type GatewaySchema, type ResolverClass } from './gateway-schema.js';
import { apolloOptions, createApolloServer, operationHooks } from './graphql/apollo-server.js';
import type { Federation } from './graphql/build-gateway-schema.js';
import { createContextFactory, type GatewayContext, type MakeContext, type RequestFacts } from './graphql/context.js';
import type { References } from './graphql/federation/entities.js';
import { createHotLane, type HotLane } from './graphql/hot-lane/hot-lane.js';
import { apolloPlugin } from './graphql/operation-hooks.js';
import { landingPagePlugins } from './http/landing-page.js';
import type { Readiness } from './http/operating-routes.js';
import { createHttpServer } from './http/server.js';
import { type AuditTrail, createAuditTrail } from './platform/audit/audit.js';
import type { Clock } from './platform/clock.js';
import { type ClockCheck, createClockCheck } from './platform/clock-check.js';
import { type Closing, createClosing } from './platform/closing.js';
import { createDatabase, type Database } from './platform/database/database.js';
import { warnWithoutStatementTimeout } from './platform/database/statement-timeout.js';
import { openLimits } from './platform/limits/open-limits.js';
import type { Logger } from './platform/logger.js';
import type { DevInbox } from './platform/mail/dev-inbox.js';
import { createMailWorker } from './platform/mail/mail-worker.js';
import type { Mailer } from './platform/mail/mailer.js';
import type { Metrics } from './platform/metrics/metrics.js';
import { openMetrics } from './platform/metrics/open-metrics.js';
import type { Random } from './platform/random.js';
import { assembleRecovery } from './recovery/assemble-recovery.js';
import type { ScopesOf } from './session/access-token/granted-scopes.js';
import type { SigningKeys } from './session/access-token/signing-keys.js';
import { LEEWAY_SECONDS } from './session/access-token/verify-access-token.js';
import { assembleSessions } from './session/assemble-sessions.js';
import { createNoticeComposers } from './session/notices/compose-notices.js';
import type { EndingRepository } from './session/revocation/ending.repository.js';
import type { RevocationFeed } from './session/revocation/revocation-feed.js';
import type { RevocationList } from './session/revocation/revocation-list.js';
import { openSigningKeys } from './session/signing-key/open-signing-keys.js';
import { createBreachedPasswords } from './user/password/breached-passwords.js';
import { createCheckNewPassword } from './user/password/check-new-password.js';
import { createPasswordHasher } from './user/password/password-hasher.js';
import { createRehash } from './user/password/rehash.js';
import { createUserRepository } from './user/user.repository.js';

/** What a gateway is made of: nothing here is read from the environment, drawn or looked up on a clock of its own. */
export interface GatewayParts {
  config: Config;
  /** The database that requests use. */
  databaseUrl: string;
  /** The same one past any pooler. */
  databaseDirectUrl: string;
  /** Sends the statements. Default: a pool of our own on `databaseUrl`. */
  database?: Database | undefined;
  refreshTokenSecrets: readonly Buffer[];
  /** null: they live in the database, encrypted under `keyEncryptionKeys`. */
  signingKeys: SigningKeys | null;
  /** The first encrypts, all decrypt. */
  keyEncryptionKeys: readonly Buffer[];
  clock: Clock;
  random: Random;
  log: Logger;
  /** Log lines dropped so far. Default: nobody counts. */
  logLinesDropped?: (() => number) | undefined;
  /** The scopes that come with roles. Default: as the setting ROLE_SCOPES says. */
  scopesOf?: ScopesOf | undefined;
  /** Sends the mail. Default: as SMTP_URL says. */
  mailer?: Mailer | undefined;
  /** Whether each of the processes on this port is ready. Default: this is the only one. */
  areOthersReady?: (() => boolean) | undefined;
}

/** A gateway that works, and listens nowhere. */
export interface OpenGateway {
  apollo: ApolloServer<GatewayContext>;
  /** What `apollo` is made of, for another server. */
  apolloOptions: ApolloServerOptionsWithSchema<GatewayContext>;
  /** The way past Apollo's pipeline; null: it is switched off. */
  hotLane: HotLane | null;
  /** Never throws: what is wrong with a token is a state of the context. */
  context(facts: RequestFacts): GatewayContext;
  /** Whether an `Authorization` header bears an access token that is taken here. */
  isTokenTaken(authorization: string | null): boolean;
  /** The public JWK set. */
  jwks(): object;
  readiness(): Readiness;
  /** The mail that was sent lately; null: in production. */
  inbox: DevInbox | null;
  changeRoles: ChangeRoles;
  disableUser: ChangeUserState;
  enableUser: ChangeUserState;
  /** Where the transport counts. */
  metrics: Metrics;
  /** How often a password was hashed so far. */
  hashings(): number;
  /** Writes what is left, and lets go of everything. */
  close(): Promise<void>;
}

/** A gateway that serves. */
export interface ServingGateway {
  url: string;
  port: number;
  /** Whether this process is ready, whatever others on the port are. */
  isReady(): boolean;
  /** How often a password was hashed so far. */
  hashings(): number;
  /** Answers what is in flight, writes what is left, and lets go of everything. */
  close(): Promise<void>;
}

/** Starts a gateway on a database that is migrated; it serves once this resolves. A failed start leaves nothing open. */
export async function startGateway(
  parts: GatewayParts & { resolvers?: readonly ResolverClass[] | undefined },
): Promise<ServingGateway> {
  const federation = federationOf(parts.config, {});
  const open = await openGateway(parts, createGatewaySchema({ ...parts, federation }));
  return listen(parts, open);
}

/** How to federate, where the settings say so. */
export function federationOf(config: Config, references: References): Federation | null {
  return config.isFederated ? { references, isSchemaTold: config.hasIntrospection } : null;
}

/** Serves an open gateway, and closes it where it can't. */
export async function listen(
  parts: GatewayParts,
  open: Omit<OpenGateway, 'context'> & { context: MakeContext },
): Promise<ServingGateway> {
  const { hashings } = open;
  try {
    const readiness = () => withOthers(open.readiness(), parts);
    const http = await createHttpServer({ ...parts, ...open, readiness, limits: parts.config.httpLimits });
    const close = () => http.close().finally(open.close);
    return {
      ...(await http.listen().catch((error) => http.close().then(() => Promise.reject(error)))),
      isReady: () => open.readiness().isReady,
      hashings,
      close,
    };
  } catch (error) {
    await open.close().catch(() => undefined);
    throw error;
  }
}

/** Opens a gateway on a database that is migrated. A failure leaves nothing open. */
export async function openGateway(parts: GatewayParts, gatewaySchema: GatewaySchema): Promise<OpenGateway> {
  const closing = createClosing();
  try {
    return await open(parts, gatewaySchema, closing);
  } catch (error) {
    // Whatever else fails on the way down must not hide why.
    await closing.close().catch(() => undefined);
    throw error;
  }
}

async function open(parts: GatewayParts, gatewaySchema: GatewaySchema, closing: Closing): Promise<OpenGateway> {
  const { config, clock, random, log } = parts;
  if (config.isProduction && config.isIssuerGuessed) {
    log.warn({ event: 'issuer_guessed', issuer: config.jwtIssuer }, 'set PUBLIC_URL: access tokens name it as issuer');
  }
  const { metrics, watch } = await openMetrics({ config, log, closing });
  const database = parts.database ?? (await openDatabase(parts, closing));
  const { hashWorkers: workers, hashQueueMax: queueMax, bcryptCost: cost } = config;
  const hasher = createPasswordHasher({ workers, queueMax, cost, random, log, metrics });
  closing.add(() => hasher.close());
  const audit = createAuditTrail({ database, clock, random });
  const counting = { ...config, secrets: parts.refreshTokenSecrets, database, audit, clock, log };
  const { limits, close: closeLimits } = await openLimits(counting);
  closing.add(closeLimits);
  const users = createUserRepository({ database });
  const keys = await openSigningKeys({ ...parts, database });
  closing.add(() => keys.follower?.stop());
  const { signingKeys, follower: keysFollower } = keys;
  const { breachedPasswordsUrl: url, passwordMinLength: minLength } = config;
  const breachedPasswords = url === null ? null : createBreachedPasswords({ url });
  const checkNewPassword = createCheckNewPassword({ minLength, breachedPasswords, audit });
  const rehash = createRehash({ users, hasher, log });
  closing.add(() => rehash.stop());
  const accounts = { database, users, hasher, checkNewPassword, rehash, audit, limits, metrics };
  const mail = assembleMail(parts);
  const sessions = assembleSessions({ ...parts, ...accounts, mailWake: mail.wake, signingKeys, keysFollower, metrics });
  const { feed, activity } = sessions;
  const clockCheck = createClockCheck({ database, clock, leewaySeconds: LEEWAY_SECONDS, log });
  const recovery = assembleRecovery({ ...parts, ...accounts, ...sessions, ...mail, mailWake: mail.wake });
  const composers = { ...createNoticeComposers({ users }), ...recovery.composers };
  const mailWorker = createMailWorker({ ...parts, ...mail, database, composers, metrics });
  closing.add(() => mailWorker.stop());
  closing.add(() => feed.stop());
  closing.add(() => activity.stop());
  closing.add(() => clockCheck.stop());
  await Promise.all([feed.start(), clockCheck.start(), warnWithoutStatementTimeout({ database, log })]);
  activity.start();
  const housekeeping = createHousekeeping({ ...config, database, clock, random, log });
  closing.add(() => housekeeping.stop());
  housekeeping.start();
  mailWorker.start();
  const readiness = () => readinessOf({ feed, clockCheck, areKeysReadable: keys.areReadable() });
  watch({
    isReady: () => readiness().isReady,
    hashing: () => ({ waiting: hasher.waiting(), waitingMax: queueMax }),
    database: () => database.poolUse(),
    feedLagSeconds: () => feed.lagSeconds(),
    clockDifferenceSeconds: () => clockCheck.differenceSeconds(),
    signingKeyAgeSeconds: () => keys.ageSeconds(),
    areKeysReadable: () => keys.areReadable(),
    logLinesDropped: parts.logLinesDropped ?? (() => 0),
  });

  gatewaySchema.connect({ sessions, recovery, onForbidden: auditForbidden(audit) });
  log.info({ event: 'public_fields', fields: gatewaySchema.publicFields }, 'these fields answer strangers');
  const { options, hotLane } = assembleApollo({ ...parts, metrics, schema: gatewaySchema.schema });
  // The lane hears of what this server admits, and of no other: those may have other limits, or none.
  const lanePlugins = hotLane === null ? [] : [hotLane.plugin];
  const apollo = createApolloServer({ ...options, plugins: [...(options.plugins ?? []), ...lanePlugins] });
  await apollo.start();
  closing.add(() => apollo.stop());
  return {
    apollo,
    apolloOptions: options,
    hotLane,
    context: createContextFactory(sessions),
    isTokenTaken: (authorization) => ['authenticated', 'unknown'].includes(sessions.authenticate(authorization).state),
    jwks: () => signingKeys.jwks,
    inbox: mail.inbox,
    readiness,
    ...administration({ ...sessions, database, clock, random }),
    metrics,
    hashings: () => hasher.hashings(),
    close: () => closing.close(),
  };
}

function assembleApollo(needs: GatewayParts & { schema: GraphQLSchema; metrics: Metrics }) {
  const { graphqlLimits: limits, ...settings } = needs.config;
  const hooks = operationHooks({ ...needs, limits });
  const hotLane = settings.hasHotLane ? createHotLane({ ...needs, hooks }) : null;
  const plugins = [apolloPlugin(hooks), ...landingPagePlugins(settings)];
  return { options: apolloOptions({ ...needs, ...settings, limits, plugins }), hotLane };
}

function administration(needs: {
  database: Database;
  endings: EndingRepository;
  revocations: RevocationList;
  clock: Clock;
  random: Random;
}): Pick<OpenGateway, 'changeRoles' | 'disableUser' | 'enableUser'> {
  const changing = { ...needs, states: createUserStateRepository(needs) };
  return {
    changeRoles: createChangeRoles({ ...needs, roles: createRoleRepository(needs) }),
    disableUser: createDisableUser(changing),
    enableUser: createEnableUser(changing),
  };
}

function auditForbidden(audit: AuditTrail): Parameters<GatewaySchema['connect']>[0]['onForbidden'] {
  return ({ context: client, identity: { userId, sessionId }, cause }) =>
    audit.record({ kind: 'AUTHORIZATION_REFUSED', cause, userId, sessionId, client });
}

async function openDatabase(parts: GatewayParts, closing: Closing): Promise<Database> {
  const { config, databaseUrl, databaseDirectUrl } = parts;
  const isPooled = databaseUrl !== databaseDirectUrl;
  const schema = config.databaseSchema;
  const limits = { poolMax: config.databasePoolMax, isPooled, hasTimeouts: true };
  const dataSource = createDataSource({ url: databaseUrl, schema, ...limits });
  await dataSource.initialize();
  closing.add(() => dataSource.destroy());
  return createDatabase({ dataSource, schema, isPooled, statementsMax: statementsMax(config) });
}

function readinessOf(needs: { feed: RevocationFeed; clockCheck: ClockCheck; areKeysReadable: boolean }): Readiness {
  const { feed, clockCheck, areKeysReadable } = needs;
  const causes = [
    ...(feed.isBehind() ? ['revocation_feed_behind'] : []),
    ...(clockCheck.isOff() ? ['clock_differs'] : []),
    ...(areKeysReadable ? [] : ['signing_key_unreadable']),
  ];
  return { isReady: causes.length === 0, causes };
}

function withOthers({ isReady, causes }: Readiness, { areOthersReady }: GatewayParts): Readiness {
  if (areOthersReady === undefined || areOthersReady()) return { isReady, causes };
  return { isReady: false, causes: isReady ? ['other_process_not_ready'] : causes };
}
