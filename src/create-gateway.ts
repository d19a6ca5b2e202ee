import type { ApolloServerOptionsWithSchema } from '@apollo/server';
import type { FastifyPluginAsync } from 'fastify';
import { type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import type { ChangeRoles } from './administration/change-roles.js';
import type { ChangeUserState } from './administration/change-user-state.js';
import { type Config, readConfig } from './config.js';
import { federationOf, type GatewayParts, listen, type OpenGateway, openGateway } from './gateway.js';
import { type Container, createGatewaySchema, type ResolverClass } from './gateway-schema.js';
import type { AuthContext, GatewayContext, RequestFacts } from './graphql/context.js';
import type { References } from './graphql/federation/entities.js';
import { contextError, formatError } from './graphql/format-error.js';
import type { HostDataSource } from './host-database.js';
import { pageCheck } from './http/cross-origin.js';
import { gatewayPlugin } from './http/gateway-plugin.js';
import { type NodeExchange, nodeRequestReader } from './http/node-request.js';
import { openParts } from './open-parts.js';
import { type Clock, systemClock } from './platform/clock.js';
import { type Closing, createClosing } from './platform/closing.js';
import { createLogger, type Logger } from './platform/logger.js';
import type { Mailer } from './platform/mail/mailer.js';
import { systemRandom } from './platform/random.js';
import type { ScopesOf } from './session/access-token/granted-scopes.js';

/** What an application brings. */
export interface GatewayOptions<Extra extends object = object> {
  /** Resolver classes of TypeGraphQL; denial by default holds for them, too. */
  resolvers?: readonly ResolverClass[];
  /** Makes the resolvers. Default: one object of each class, made without arguments. */
  container?: Container;
  /** The settings. Default: `readConfig()`, those of the environment of this process; no `.env` is read. */
  config?: Config;
  /**
   * Its pool sends the gateway's statements. Made by a function, it may lie in the embedded server. What is not initialized
   * yet is initialized once the gateway's tables are there, and destroyed at the stop. Default: a pool of the gateway's own.
   */
  dataSource?: HostDataSource;
  /** Where all time comes from. Default: the machine's clocks. */
  clock?: Clock;
  /** The scopes that come with roles (RFC 6749 3.3). Default: as the setting ROLE_SCOPES says. */
  scopesOf?: ScopesOf;
  /** What the context of each request holds beside the gateway's own; it can't replace that. */
  extendContext?: (context: GatewayContext, request: Pick<RequestFacts, 'headers'>) => Extra | Promise<Extra>;
  /** Serves the schema as a subgraph of Apollo Federation 2; needs @apollo/subgraph. Default: as GATEHOUSE_FEDERATION says. */
  federation?: boolean;
  /** Finds what other subgraphs refer to, by the names of the application's types that have a key. The caller is signed in. */
  references?: References;
  /** Sends the gateway's mail, in the place of SMTP; set SMTP_URL=none beside it. Default: as SMTP_URL says. */
  mailer?: Mailer;
  /** Where log lines go. Default: standard output, from the level that LOG_LEVEL names. */
  log?: Logger;
}

/** Who sends an operation that comes through no server. */
export interface Caller {
  /** Without `Bearer`. */
  accessToken?: string;
  ipAddress?: string;
  userAgent?: string;
}

/** A gateway as a part of an application. It hooks no signal. */
export interface Gateway<Extra extends object = object> {
  /** The application's resolvers and the gateway's, guarded; it answers once the gateway is open. */
  readonly schema: GraphQLSchema;
  /** The root fields that answer strangers, e.g. `Query.me`. */
  readonly publicFields: readonly string[];
  /** For a server of the application's own: masks what was not written for clients. */
  readonly formatError: typeof formatError;
  /** Opens the database, migrates it and reads the feed of ends; a second call waits for the first. */
  open(): Promise<void>;
  /** Opens, and serves on HOST and PORT. */
  start(): Promise<{ url: string; port: number }>;
  /** Answers what is in flight, writes what is left, and lets go of everything; final. */
  stop(): Promise<void>;
  /** Serves in the application's own Fastify server: `await server.register(gateway.fastifyPlugin)`; opens and stops with it. */
  readonly fastifyPlugin: FastifyPluginAsync;
  /**
   * The context function for Apollo Server in Express or standing alone. Only `apolloOptions()` brings the limits of
   * operations; headers, CORS and limits of HTTP are the server's own matter.
   */
  context(exchange: NodeExchange): Promise<AuthContext<Extra>>;
  /** All options of an Apollo Server of the application's own: the schema, `formatError`, limits, what is switched off. */
  apolloOptions(): Promise<ApolloServerOptionsWithSchema<GatewayContext>>;
  /** Executes an operation as a request of this caller would, without HTTP; errors are those that clients see. */
  executeOperation(
    operation: { query: string; variables?: Record<string, unknown>; operationName?: string },
    caller?: Caller,
  ): Promise<ExecutionResult<Record<string, unknown>>>;
  changeRoles: ChangeRoles;
  /** Keeps a user from signing in and ends all of their sessions; reaches every process within two seconds. */
  disableUser: ChangeUserState;
  /** Lets a disabled user sign in again; their sessions of before stay ended. */
  enableUser: ChangeUserState;
}

type Opened = OpenGateway & { parts: GatewayParts; contextOf: (facts: RequestFacts) => Promise<GatewayContext> };

/**
 * Makes a gateway of an application's resolvers and the gateway's own: one schema, denial by default. Nothing is opened yet.
 *
 * @throws {ConfigError} naming every fault of the settings; {@link TypeError} where a policy stands where nothing could
 * enforce it.
 */
export function createGateway<Extra extends object = object>(options: GatewayOptions<Extra> = {}): Gateway<Extra> {
  const { config = readConfig(), clock = systemClock } = options;
  const random = systemRandom(clock);
  const log = options.log ?? createLogger(config.logLevel);
  const federated = { ...config, isFederated: options.federation ?? config.isFederated };
  const federation = federationOf(federated, options.references ?? {});
  const gatewaySchema = createGatewaySchema({ ...options, clock, federation });
  const closing = createClosing();
  let opening: Promise<Opened> | null = null;
  let starting: Promise<{ url: string; port: number }> | null = null;
  const openOnce = async () => {
    refuseStopped(closing);
    const parts = await openParts({ options, config, clock, random, log, closing });
    refuseStopped(closing);
    const gateway = await openGateway(parts, gatewaySchema);
    closing.add(() => gateway.close());
    refuseStopped(closing);
    return { ...gateway, parts, contextOf: extended({ gateway, options, log }) };
  };
  const open = () => {
    opening ??= openOnce();
    return opening;
  };
  const opened = () => open().catch((error) => closing.close().then(() => Promise.reject(error)));
  const factsOf = nodeRequestReader({
    trustedProxies: config.trustedProxies,
    isPageAllowed: pageCheck(config),
    newRequestId: () => random.id(),
  });
  const stop = async () => {
    // What is open goes at once, and with it a start that is under way; then what that start had opened meanwhile.
    await closing.close().catch(() => undefined);
    await Promise.allSettled([opening, starting]);
    await closing.close();
  };
  return {
    schema: gatewaySchema.schema,
    publicFields: gatewaySchema.publicFields,
    formatError,
    open: async () => void (await opened()),
    start: () => {
      starting ??= serve(opened, closing);
      return starting;
    },
    stop,
    fastifyPlugin: gatewayPlugin(async () => {
      const { parts, contextOf, ...gateway } = await opened();
      return { ...parts, ...gateway, context: contextOf, limits: config.httpLimits };
    }, stop),
    context: async (exchange) => {
      const { contextOf } = await opened();
      // RFC 6749 5.1: answers may carry tokens.
      exchange.res.setHeader('cache-control', 'no-store');
      return (await contextOf(factsOf(exchange))) as AuthContext<Extra>;
    },
    apolloOptions: async () => (await opened()).apolloOptions,
    executeOperation: async (operation, caller = {}) => {
      const { apollo, contextOf } = await opened();
      const contextValue = await contextOf(factsOfCaller(caller, random.id())).catch((error: GraphQLError) => error);
      if (contextValue instanceof GraphQLError) return { errors: [asClientsSee(contextValue)] };
      const { body } = await apollo.executeOperation<Record<string, unknown>>(operation, { contextValue });
      if (body.kind === 'incremental') throw new Error('incremental delivery is not supported');
      return body.singleResult as ExecutionResult<Record<string, unknown>>;
    },
    changeRoles: async (change) => (await opened()).changeRoles(change),
    disableUser: async (change) => (await opened()).disableUser(change),
    enableUser: async (change) => (await opened()).enableUser(change),
  };
}

/** An error that arose before anything was executed. */
function asClientsSee(error: GraphQLError): GraphQLError {
  const { message, extensions } = formatError(error.toJSON(), error);
  const { http: _status, ...shown } = { ...extensions };
  return new GraphQLError(message, { extensions: shown });
}

async function serve(opened: () => Promise<Opened>, closing: Closing): Promise<{ url: string; port: number }> {
  const { parts, contextOf, ...gateway } = await opened();
  try {
    const { url, port, close } = await listen(parts, { ...gateway, context: contextOf });
    closing.add(close);
    refuseStopped(closing);
    return { url, port };
  } catch (error) {
    await closing.close().catch(() => undefined);
    throw error;
  }
}

/** `stop()` is final, and counts even where it comes while the gateway starts. */
function refuseStopped(closing: Closing): void {
  if (closing.hasBegun()) throw new Error('the gateway was stopped');
}

/**
 * The gateway's context with the application's own; the latter can't take the place of the former. What an application
 * throws there is logged, and masked unless it has a code for clients.
 */
function extended<Extra extends object>(needs: { gateway: OpenGateway; options: GatewayOptions<Extra>; log: Logger }) {
  const { gateway, options, log } = needs;
  return async (facts: RequestFacts): Promise<GatewayContext> => {
    const context = gateway.context(facts);
    try {
      const extra = await options.extendContext?.(context, { headers: facts.headers });
      const taken = Object.keys(extra ?? {}).find((key) => Object.hasOwn(context, key));
      if (taken !== undefined) throw new TypeError(`extendContext can't replace "${taken}" of the context`);
      return Object.assign(context, extra);
    } catch (error) {
      throw contextError({ error, requestId: facts.requestId, log });
    }
  };
}

function factsOfCaller({ accessToken, ipAddress = '', userAgent }: Caller, requestId: string): RequestFacts {
  return {
    requestId,
    ipAddress,
    userAgent: userAgent ?? null,
    authorization: accessToken === undefined ? null : `Bearer ${accessToken}`,
    headers: {},
    cookies: { header: null, isPageAllowed: false, set: () => undefined },
  };
}
