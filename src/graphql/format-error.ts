import type { ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from '../platform/logger.js';
import { ServiceUnavailable } from '../platform/service-unavailable.js';
import type { GatewayContext } from './context.js';
import { serviceUnavailable } from './errors.js';

/** Codes whose errors were written for clients; every other one is masked. */
const OUTWARD_CODES = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_REQUEST',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** The request in which an error arose, so that a masked one can name it. */
const requestIds = new WeakMap<object, string>();

/** What a client gets to see of an error: coded ones as they are but for values, everything else masked. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = unwrapResolverError(error);
  if (original instanceof ServiceUnavailable) {
    const { message, extensions } = serviceUnavailable(original.retryAfterSeconds);
    return { ...formatted, message, extensions: { ...extensions } };
  }
  const code = String(formatted.extensions?.['code'] ?? '');
  if (!OUTWARD_CODES.has(code)) return masked(formatted, requestIdOf(error));
  return withoutValues(formatted, code);
}

function masked({ path }: GraphQLFormattedError, requestId: string | null): GraphQLFormattedError {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', ...(requestId === null ? {} : { requestId }) };
  return { message: 'Something went wrong on our side.', ...(path === undefined ? {} : { path }), extensions };
}

function requestIdOf(error: unknown): string | null {
  return (error instanceof Object ? requestIds.get(error) : undefined) ?? null;
}

const VARIABLE_MESSAGE = /^Variable "\$([_A-Za-z]\w*)"/;

/** graphql-js quotes what it was sent, passwords included: keep what names a place, drop what names a value. */
function withoutValues(formatted: GraphQLFormattedError, code: string): GraphQLFormattedError {
  const variable = VARIABLE_MESSAGE.exec(formatted.message)?.[1];
  if (variable !== undefined && code === 'BAD_USER_INPUT') {
    const message = `Variable "$${variable}" does not fit its type.`;
    return { ...formatted, message, extensions: { code, argument: [variable] } };
  }
  if (code === 'GRAPHQL_VALIDATION_FAILED') return { ...formatted, message: withoutLiteral(formatted.message) };
  if (code === 'GRAPHQL_PARSE_FAILED') return { ...formatted, message: withoutToken(formatted.message) };
  return formatted;
}

/** `Expected value of type "X", found "secret".` and `X cannot represent a non string value: "secret"`. */
function withoutLiteral(message: string): string {
  return message
    .replace(/, found .*$/s, '.')
    .replace(/( value): .*$/s, '$1.')
    .replace(/^Value ".*" does not exist/s, 'The value does not exist');
}

/** `Syntax Error: Unexpected String "secret".` */
function withoutToken(message: string): string {
  return message.replace(/(String|BlockString|Name|Int|Float) ".*$/s, '$1.');
}

/** Logs what is masked, under the id that the client is told. */
export function errorLog({ log }: { log: Logger }): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      didEncounterErrors: async ({ errors, contextValue, operationName }) => {
        for (const error of errors) {
          const original = unwrapResolverError(error);
          const isOutward = original instanceof GraphQLError && OUTWARD_CODES.has(String(original.extensions['code']));
          if (isOutward) continue;
          const { requestId } = contextValue;
          requestIds.set(error, requestId);
          logFailure({ log, original, requestId, operationName: operationName ?? null });
        }
      },
    }),
  };
}

function logFailure(needs: { log: Logger; original: unknown; requestId: string; operationName: string | null }): void {
  const { log, original, requestId, operationName } = needs;
  if (original instanceof ServiceUnavailable) {
    const { cause } = original;
    log.warn({ event: 'service_unavailable', cause, failure: original.failure?.message, requestId, operationName });
    return;
  }
  if (original instanceof GraphQLError && original.originalError === undefined) return;
  const { name, message, stack } = original instanceof Error ? original : { name: 'unknown', message: '', stack: '' };
  log.error({ event: 'internal_error', requestId, operationName, err: { type: name, message, stack } });
}
