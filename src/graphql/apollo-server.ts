import { ApolloServer, type ApolloServerOptionsWithSchema, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { type GraphQLSchema, MaxIntrospectionDepthRule } from 'graphql';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import type { GatewayContext } from './context.js';
import { errorLog, formatError } from './format-error.js';
import { boundedRequests } from './limits/bounded-requests.js';
import type { GraphqlLimits } from './limits/graphql-limits.js';
import { operationLimitsRule } from './limits/operation-limits-rule.js';
import { observeOperations } from './observe-operations.js';
import type { BeginOperation } from './operation-hooks.js';
import { retryAfterHeader } from './retry-after-header.js';

/** Apollo Server of these options. */
export function createApolloServer(
  options: ApolloServerOptionsWithSchema<GatewayContext>,
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>(options);
}

/** What is done around each operation: errors are logged, variables bounded, waits told, operations counted. */
export function operationHooks(needs: {
  limits: GraphqlLimits;
  log: Logger;
  clock: Clock;
  metrics: Metrics;
}): BeginOperation[] {
  const { limits, log, clock, metrics } = needs;
  return [errorLog({ log }), boundedRequests(limits), retryAfterHeader(), observeOperations({ metrics, clock })];
}

/** Options of Apollo Server: what it does not need switched off, limits, and errors that tell no more than they should. */
export function apolloOptions(needs: {
  schema: GraphQLSchema;
  hasIntrospection: boolean;
  isProduction: boolean;
  limits: GraphqlLimits;
  plugins: readonly ApolloServerPlugin<GatewayContext>[];
  log: Logger;
}): ApolloServerOptionsWithSchema<GatewayContext> {
  const { schema, hasIntrospection, isProduction, limits, plugins, log } = needs;
  return {
    schema,
    introspection: hasIntrospection,
    hideSchemaDetailsFromClientErrors: isProduction || !hasIntrospection,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.tokensMax },
    validationRules: [operationLimitsRule(limits), MaxIntrospectionDepthRule],
    formatError,
    logger: quietLogger(log),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ...plugins,
    ],
  };
}

function quietLogger(log: Logger) {
  const level = (name: 'debug' | 'info' | 'warn' | 'error') => (message?: unknown) => {
    log[name]({ event: 'apollo', detail: String(message) });
  };
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}
