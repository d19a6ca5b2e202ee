import { HeaderMap } from '@apollo/server';
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { formatError } from '../format-error.js';

/** Errors as clients see them, and what they do to the HTTP answer. */
export interface FormattedErrors {
  formatted: GraphQLFormattedError[];
  /** Of the last error that names one. */
  status: number | undefined;
  /** Those of all of them. */
  headers: HeaderMap;
}

/** Formats errors as Apollo Server would; what they ask of HTTP (`extensions.http`) is taken out. */
export function formatErrors(errors: readonly GraphQLError[]): FormattedErrors {
  const headers = new HeaderMap();
  let status: number | undefined;
  const formatted = errors.map((error) => {
    const code = error.extensions['code'] ?? 'INTERNAL_SERVER_ERROR';
    const extensions: Record<string, unknown> = { ...error.extensions, code };
    // Deleted, not left out: what is no head of HTTP stays, at its place among the others.
    const { http } = extensions;
    if (isHead(http)) {
      if (http.status) status = http.status;
      for (const [name, value] of http.headers ?? []) headers.set(name, value);
      delete extensions['http'];
    }
    return formatError({ ...error.toJSON(), extensions }, error);
  });
  return { formatted, status, headers };
}

interface PartialHead {
  status?: number;
  headers?: Map<string, string>;
}

function isHead(http: unknown): http is PartialHead {
  if (typeof http !== 'object' || http === null) return false;
  const isStatus = !('status' in http) || typeof http.status === 'number';
  return isStatus && (!('headers' in http) || http.headers instanceof Map);
}

const VARIABLE_FAULT = /^Variable "\$\w+" (?:has invalid value|got invalid value |of required type |of non-null type )/;

/** The errors of an execution; those about what a variable was sent bear the code of a bad input. */
export function codedErrors({ errors }: ExecutionResult): readonly GraphQLError[] | undefined {
  return errors?.map((error) => {
    const [node, ...others] = error.nodes ?? [];
    const isOfVariable = node?.kind === Kind.VARIABLE_DEFINITION && others.length === 0;
    if (!isOfVariable || !VARIABLE_FAULT.test(error.message) || error.extensions['code'] != null) return error;
    return new GraphQLError(error.message, {
      nodes: error.nodes,
      originalError: error.originalError ?? error,
      extensions: { ...error.extensions, code: 'BAD_USER_INPUT' },
    });
  });
}

/** Whatever was thrown, as an error of an operation. */
export function asGraphqlError(thrown: unknown, prefix = ''): GraphQLError {
  if (thrown instanceof GraphQLError) return thrown;
  if (!(thrown instanceof Error)) return new GraphQLError(`Unexpected error value: ${String(thrown)}`);
  return new GraphQLError(prefix + thrown.message, { originalError: thrown });
}
