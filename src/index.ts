export { type Config, ConfigError, loadConfig } from './config.js';
export { type Gateway, type GatewayParts, startGateway } from './gateway.js';
export type { AuthState, Identity } from './graphql/auth-state.js';
export type { GatewayContext } from './graphql/context.js';
export { Public } from './graphql/public.js';
