import type { GraphQLSchema } from 'graphql';
import { buildGatewaySchema, type Federation, type ResolverClasses } from './graphql/build-gateway-schema.js';
import type { OnForbidden } from './graphql/policy/enforce.js';
import { publicFields } from './graphql/policy/guard-schema.js';
import type { Clock } from './platform/clock.js';
import type { assembleRecovery } from './recovery/assemble-recovery.js';
import { DeleteAccountResolver } from './recovery/delete-account.resolver.js';
import { EmailChangeResolver } from './recovery/email-change.resolver.js';
import { PasswordResolver } from './recovery/password.resolver.js';
import { VerificationResolver } from './recovery/verification.resolver.js';
import type { assembleSessions } from './session/assemble-sessions.js';
import { ReauthenticateResolver } from './session/reauthenticate.resolver.js';
import { SessionResolver } from './session/session.resolver.js';
import { SignInResolver } from './session/sign-in.resolver.js';
import { UserResolver } from './user/user.resolver.js';

/** A resolver class of TypeGraphQL. */
export type ResolverClass = ResolverClasses[number];

/** Makes resolvers, such as a container of dependencies. */
export interface Container {
  get(resolver: ResolverClass): unknown;
}

/** The schema of a gateway, there before the gateway is open. */
export interface GatewaySchema {
  schema: GraphQLSchema;
  /** The root fields that answer strangers, e.g. `Query.me`. */
  publicFields: string[];
  /** Gives the gateway's own resolvers what they work with. */
  connect(parts: {
    sessions: ReturnType<typeof assembleSessions>;
    recovery: ReturnType<typeof assembleRecovery>;
    onForbidden: OnForbidden;
  }): void;
}

/** The resolvers that every gateway has. */
const gatewayResolvers: ResolverClasses = [
  SessionResolver,
  SignInResolver,
  ReauthenticateResolver,
  VerificationResolver,
  PasswordResolver,
  EmailChangeResolver,
  DeleteAccountResolver,
  UserResolver,
];

/** One schema of the gateway's resolvers and an application's; whoever uses it before `connect` gets an error. */
export function createGatewaySchema(needs: {
  resolvers?: readonly ResolverClass[] | undefined;
  /** Makes the application's resolvers. Default: one object of each class, made without arguments. */
  container?: Container | undefined;
  clock: Clock;
  federation?: Federation | null | undefined;
}): GatewaySchema {
  const { resolvers = [], container, clock, federation } = needs;
  const made = new Map<unknown, object>([[UserResolver, new UserResolver()]]);
  let onForbidden: OnForbidden = () => Promise.reject(notOpen());
  const own = (resolver: new () => object): object => {
    const known = made.get(resolver);
    if (known !== undefined) return known;
    if (gatewayResolvers.includes(resolver)) throw notOpen();
    const fresh = new resolver();
    made.set(resolver, fresh);
    return fresh;
  };
  const isOwn = (resolver: unknown) => container === undefined || gatewayResolvers.includes(resolver as ResolverClass);
  const schema = buildGatewaySchema({
    resolvers: [...gatewayResolvers, ...resolvers] as unknown as ResolverClasses,
    container: { get: (resolver) => (isOwn(resolver) ? own(resolver) : container?.get(resolver)) },
    clock,
    federation,
    onForbidden: (refusal) => onForbidden(refusal),
  });
  return {
    schema,
    publicFields: publicFields(schema),
    connect: ({ sessions, recovery, ...parts }) => {
      made.set(SignInResolver, new SignInResolver(sessions));
      made.set(SessionResolver, new SessionResolver(sessions.useCases));
      made.set(ReauthenticateResolver, new ReauthenticateResolver(sessions.useCases.reauthenticate));
      made.set(VerificationResolver, new VerificationResolver(recovery.useCases));
      made.set(PasswordResolver, new PasswordResolver(recovery));
      made.set(EmailChangeResolver, new EmailChangeResolver(recovery));
      made.set(DeleteAccountResolver, new DeleteAccountResolver(recovery.useCases.deleteAccount));
      onForbidden = parts.onForbidden;
    },
  };
}

function notOpen(): Error {
  return new Error('the gateway is not open yet: await its start() or open() first');
}
