import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from '../platform/logger.js';
import { RateLimited } from '../platform/rate-limited.js';
import { ServiceUnavailable } from '../platform/service-unavailable.js';
import { rateLimited, serviceUnavailable } from './errors.js';
import { faultyArguments } from './faulty-argument.js';
import type { BeginOperation, OperationHooks } from './operation-hooks.js';

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

/** Where the argument stands that an error is about. */
const argumentPaths = new WeakMap<object, readonly string[]>();

/** What a client gets to see of an error: coded ones as they are but for values, everything else masked. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = unwrapResolverError(error);
  const toWait = askingToWait(original);
  if (toWait !== null) return { ...formatted, message: toWait.message, extensions: { ...toWait.extensions } };
  if (isEndOfVariableErrors(error))
    return { message: 'More of the variables do not fit.', extensions: { code: 'BAD_USER_INPUT' } };
  const argument = refusedArgument(original);
  if (argument !== null) return { ...formatted, ...badArgument(argument) };
  const code = String(formatted.extensions?.['code'] ?? '');
  if (!OUTWARD_CODES.has(code)) return masked(formatted, requestIdOf(error));
  return withoutValues(formatted, { code, argument: argumentPaths.get(error as object) });
}

/** What a client is told where it should come back later; null: it is another error. */
function askingToWait(original: unknown): GraphQLError | null {
  if (original instanceof RateLimited) return rateLimited(original.retryAfterSeconds);
  return original instanceof ServiceUnavailable ? serviceUnavailable(original.retryAfterSeconds) : null;
}

const ARGUMENT_MESSAGE = /^Argument "([_A-Za-z]\w*)" /;

/**
 * The argument that graphql-js refused while it executed, such as one whose variable has a default and was sent as
 * null; its message quotes the literals beside it. null: the error is another one.
 */
function refusedArgument(original: unknown): string | null {
  const isOfGraphqlJs =
    original instanceof GraphQLError && original.extensions['code'] === undefined && (original.nodes?.length ?? 0) > 0;
  return isOfGraphqlJs ? (ARGUMENT_MESSAGE.exec(original.message)?.[1] ?? null) : null;
}

function badArgument(argument: string): Pick<GraphQLFormattedError, 'message' | 'extensions'> {
  const message = `Argument "${argument}" does not fit its type.`;
  return { message, extensions: { code: 'BAD_USER_INPUT', argument: [argument] } };
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
function withoutValues(
  formatted: GraphQLFormattedError,
  { code, argument }: { code: string; argument: readonly string[] | undefined },
): GraphQLFormattedError {
  const variable = VARIABLE_MESSAGE.exec(formatted.message)?.[1];
  if (variable !== undefined && code === 'BAD_USER_INPUT') {
    const message = `Variable "$${variable}" does not fit its type.`;
    return { ...formatted, message, extensions: { code, argument: argument ?? [variable] } };
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

/** `Syntax Error: Unexpected String "secret".` and `Syntax Error: Invalid Unicode escape sequence: "\u{secret".` */
function withoutToken(message: string): string {
  return message
    .replace(/(String|BlockString|Name|Int|Float) ".*$/s, '$1.')
    .replace(/(escape sequence|but got|unexpected character): .*$/s, '$1.');
}

/** graphql-js stops after fifty faults by an error that bears no code. */
function isEndOfVariableErrors(error: unknown): boolean {
  return (
    error instanceof GraphQLError &&
    error.path === undefined &&
    error.originalError === undefined &&
    error.message.startsWith('Too many errors processing variables')
  );
}

/** Logs what is masked, under the id that the client is told. */
export function errorLog({ log }: { log: Logger }): BeginOperation {
  const hooks: OperationHooks = {
    failed: ({ errors = [], contextValue, operationName = null, schema, document, request }) => {
      if (document !== undefined) noteArguments(errors, { schema, document, variables: request.variables ?? {} });
      for (const error of errors) {
        if (isEndOfVariableErrors(error)) continue;
        const original = unwrapResolverError(error);
        const isOutward = original instanceof GraphQLError && OUTWARD_CODES.has(String(original.extensions['code']));
        if (isOutward || refusedArgument(original) !== null) continue;
        const { requestId, requestNotes: notes } = contextValue;
        if (original instanceof ServiceUnavailable) notes.cause = original.cause;
        requestIds.set(error, requestId);
        logFailure({ log, original, requestId, operationName });
      }
    },
  };
  return () => hooks;
}

/**
 * What to throw where making a request's context failed: coded errors as they are; the rest is logged, and masked under
 * the id that the log has. Status 200, like all others.
 */
export function contextError(needs: { error: unknown; requestId: string; log: Logger }): GraphQLError {
  const { error, requestId, log } = needs;
  if (error instanceof GraphQLError && OUTWARD_CODES.has(String(error.extensions['code']))) return answered(error);
  logFailure({ log, original: error, requestId, operationName: null });
  if (error instanceof ServiceUnavailable) return answered(serviceUnavailable(error.retryAfterSeconds));
  const fault = answered(new GraphQLError('', { extensions: { code: 'INTERNAL_SERVER_ERROR' } }));
  requestIds.set(fault, requestId);
  return fault;
}

/** Apollo Server answers 500 to what fails before the operation. */
function answered({ message, extensions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, http: { status: 200 } } });
}

/** The faults of one variable come in a row, each with an error of its own. */
function noteArguments(errors: readonly GraphQLError[], operation: Parameters<typeof faultyArguments>[0]): void {
  const paths = new Map<string, string[][]>();
  for (const error of errors) {
    const variable = error.path === undefined ? VARIABLE_MESSAGE.exec(error.message)?.[1] : undefined;
    if (variable === undefined || error.extensions['code'] !== 'BAD_USER_INPUT') continue;
    const left = paths.get(variable) ?? faultyArguments(operation, variable);
    paths.set(variable, left.slice(1));
    if (left[0] !== undefined) argumentPaths.set(error, left[0]);
  }
}

function logFailure(needs: { log: Logger; original: unknown; requestId: string; operationName: string | null }): void {
  const { log, original, requestId, operationName } = needs;
  if (original instanceof RateLimited) {
    log.info({ event: 'rate_limited', requestId, operationName });
    return;
  }
  if (original instanceof ServiceUnavailable) {
    const { cause } = original;
    log.warn({ event: 'service_unavailable', cause, failure: original.failure?.message, requestId, operationName });
    return;
  }
  log.error({ event: 'internal_error', requestId, operationName, err: loggable(original) });
}

/** graphql-js builds messages of what it was sent: of its errors, only where they arose is logged. */
function loggable(error: unknown): { type: string; message: string; stack: string } {
  if (!(error instanceof Error)) return { type: 'unknown', message: '', stack: '' };
  const { name, message, stack = '' } = error;
  if (!(error instanceof GraphQLError) || (error.nodes?.length ?? 0) === 0) return { type: name, message, stack };
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  return { type: name, message: 'an error of graphql-js', stack: frames.join('\n') };
}
