import 'reflect-metadata';

export type { ChangeRoles } from './administration/change-roles.js';
export { type Config, ConfigError, readConfig } from './config.js';
export { type Caller, createGateway, type Gateway, type GatewayOptions } from './create-gateway.js';
export { gatehouseEntities, gatehouseMigrations } from './data-source.js';
export type { Container, ResolverClass } from './gateway-schema.js';
export type { Auth, LoadedUser } from './graphql/auth.js';
export type { AuthState, Identity, UnauthenticatedReason } from './graphql/auth-state.js';
export type { AuthContext, RequestFacts } from './graphql/context.js';
export { badUserInput, forbidden } from './graphql/errors.js';
export type { References, Representation, ResolveReference } from './graphql/federation/entities.js';
export { Authorized } from './graphql/policy/authorized.js';
export { CurrentUser } from './graphql/policy/current-user.js';
export type { Policy } from './graphql/policy/policy.js';
export { Public } from './graphql/public.js';
export type { Clock } from './platform/clock.js';
export type { ScopesOf } from './session/access-token/granted-scopes.js';
export { User as UserEntity } from './user/user.entity.js';
