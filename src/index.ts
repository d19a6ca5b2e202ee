export { type Config, ConfigError } from './config.js';
export type { ServingGateway as Gateway } from './gateway.js';
export type { AuthState, Identity } from './graphql/auth-state.js';
export type { GatewayContext } from './graphql/context.js';
export { Public } from './graphql/public.js';
export { startGatewayFromEnvironment } from './start-from-environment.js';
