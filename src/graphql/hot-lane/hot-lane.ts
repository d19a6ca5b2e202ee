import { type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { GatewayContext } from '../context.js';
import type { BeginOperation, OperationHooks, RunningOperation } from '../operation-hooks.js';
import { type AdmittedOperation, createAdmittedOperations } from './admitted-operations.js';
import { asGraphqlError, codedErrors, formatErrors } from './format-errors.js';

/** What is to be sent. */
export interface HotAnswer {
  status: number;
  headers: ReadonlyMap<string, string>;
  body: string;
}

/** Answers one request; the context is made first, as Apollo Server does. */
export type AnswerHot = (makeContext: () => GatewayContext | Promise<GatewayContext>) => Promise<HotAnswer>;

/**
 * A way past Apollo Server's pipeline for operations that have been through it: what it has once parsed, validated and
 * found within the limits is executed by the same function of graphql-js, in the same context, with the same guards,
 * plugins and masking of errors, and its answer is the same to the byte.
 */
export interface HotLane {
  /** Tells of what Apollo Server admits. */
  readonly plugin: ApolloServerPlugin<GatewayContext>;
  /**
   * How to answer a request with this body and this `Accept` header; null: Apollo Server is to answer it.
   *
   * @param body As JSON has it.
   */
  find(body: unknown, accept: string | undefined): AnswerHot | null;
  /**
   * Apollo Server has answered this body and such an `Accept` header by this type of content, with status 200. Nothing is
   * learned where it was no choice among types: no operation was answered, or one of its errors has named the type.
   */
  learn(body: unknown, accept: string | undefined, contentType: string): void;
}

const ACCEPTS_MAX = 100;
const ACCEPT_CHARACTERS_MAX = 300;

/** What Apollo Server would take out of a body. */
interface OperationRequest {
  query: string;
  operationName: string | undefined;
  variables: Record<string, unknown> | undefined;
}

/** A lane with these hooks around each operation. */
export function createHotLane(needs: { schema: GraphQLSchema; hooks: readonly BeginOperation[] }): HotLane {
  const { schema, hooks } = needs;
  const operations = createAdmittedOperations();
  const contentTypes = new LRUCache<string, string>({ max: ACCEPTS_MAX });
  /** Bodies whose answers Apollo Server is about to choose a type for. */
  const choosing = new WeakSet<object>();
  return {
    plugin: {
      requestDidStart: async () => ({
        didResolveOperation: async ({ request, source, document, operation }) => {
          if (operation) operations.add({ source, document, operation }, request.operationName);
        },
        willSendResponse: async ({ request: { http }, response }) => {
          if (isRecord(http?.body) && !response.http.headers.has('content-type')) choosing.add(http.body);
        },
      }),
    },
    find: (body, accept = '') => {
      const request = requestOf(body);
      if (request === null) return null;
      const contentType = contentTypes.get(accept);
      const admitted = operations.find(request.query, request.operationName);
      if (contentType === undefined || admitted === undefined) return null;
      return (makeContext) => answer({ schema, hooks, admitted, request, contentType, makeContext });
    },
    learn: (body, accept = '', contentType) => {
      const isChoice = isRecord(body) && choosing.has(body);
      if (isChoice && accept.length <= ACCEPT_CHARACTERS_MAX) contentTypes.set(accept, contentType);
    },
  };
}

/** null: Apollo Server is to say what is wrong with the body. */
function requestOf(body: unknown): OperationRequest | null {
  if (!isRecord(body)) return null;
  const { query, operationName = null, variables = null, extensions = null } = body;
  if (typeof query !== 'string' || query === '') return null;
  if (operationName !== null && typeof operationName !== 'string') return null;
  if (variables !== null && !isRecord(variables)) return null;
  if (extensions !== null && (!isRecord(extensions) || extensions['persistedQuery'])) return null;
  return { query, operationName: operationName ?? undefined, variables: variables ?? undefined };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Answering {
  schema: GraphQLSchema;
  hooks: readonly BeginOperation[];
  admitted: AdmittedOperation;
  request: OperationRequest;
  contentType: string;
  makeContext: () => GatewayContext | Promise<GatewayContext>;
}

async function answer(answering: Answering): Promise<HotAnswer> {
  const { hooks, contentType, makeContext } = answering;
  let contextValue: GatewayContext;
  try {
    const made = makeContext();
    contextValue = 'then' in made ? await made : made;
  } catch (thrown) {
    const { formatted, status = 500, headers } = formatErrors([asGraphqlError(thrown, 'Context creation failed: ')]);
    headers.set('content-type', contentType);
    return { status, headers, body: toJson({ errors: formatted }) };
  }
  const running = new Running(answering, contextValue);
  const begun = hooks.map((begin) => begin());
  const { body, http } = running.response;
  body.singleResult = refusalOf(running, begun) ?? (await run(running, begun));
  for (const one of begun) one.answered?.(running);
  if (!http.headers.has('content-type')) http.headers.set('content-type', contentType);
  return { status: http.status ?? 200, headers: http.headers, body: toJson(body.singleResult) };
}

/** An operation under way, as hooks see it. */
class Running implements RunningOperation {
  readonly schema: GraphQLSchema;
  readonly contextValue: GatewayContext;
  readonly request: { variables?: Record<string, unknown> };
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | null;
  readonly requestedName: string | undefined;
  errors: readonly GraphQLError[] = [];
  readonly response: RunningOperation['response'] = {
    http: { headers: new HeaderMap() },
    body: { kind: 'single' },
  };

  constructor({ schema, admitted, request }: Answering, contextValue: GatewayContext) {
    this.schema = schema;
    this.contextValue = contextValue;
    this.request = request.variables === undefined ? {} : { variables: request.variables };
    this.document = admitted.document;
    this.operation = admitted.operation;
    this.operationName = admitted.operation.name?.value ?? null;
    this.requestedName = request.operationName;
  }
}

/** What a hook refuses before anything is executed; null: nothing. */
function refusalOf(running: Running, begun: readonly OperationHooks[]): ExecutionSeen | null {
  try {
    for (const hooks of begun) hooks.resolved?.(running);
    return null;
  } catch (thrown) {
    return failed(running, begun, [asGraphqlError(thrown)]);
  }
}

/** A result as clients see it. */
type ExecutionSeen = Omit<ExecutionResult, 'errors'> &
  NonNullable<RunningOperation['response']['body']['singleResult']>;

async function run(running: Running, begun: readonly OperationHooks[]): Promise<ExecutionSeen> {
  const { schema, document, contextValue, requestedName: operationName } = running;
  let result: ExecutionResult;
  try {
    const variableValues = running.request.variables;
    const executing = execute({ schema, document, contextValue, variableValues, operationName });
    // A thenable of an application's own library will do.
    result = 'then' in executing ? await executing : executing;
  } catch (thrown) {
    return failed(running, begun, [asGraphqlError(thrown)]);
  }
  const errors = codedErrors(result);
  if (errors === undefined) return result;
  // GraphQL over HTTP 6.4.1: nothing was executed.
  const statusOtherwise = errors.length > 0 && result.data === undefined ? 400 : undefined;
  return { ...result, errors: told(running, begun, errors, statusOtherwise) };
}

/** The result of an operation that was not executed. */
function failed(running: Running, begun: readonly OperationHooks[], errors: readonly GraphQLError[]): ExecutionSeen {
  return { errors: told(running, begun, errors, 500) };
}

/** Tells the hooks of errors, and HTTP what they ask of it; the errors as clients see them. */
function told(
  running: Running,
  begun: readonly OperationHooks[],
  errors: readonly GraphQLError[],
  statusOtherwise: number | undefined,
) {
  running.errors = errors;
  for (const hooks of begun) hooks.failed?.(running);
  const { formatted, status = statusOtherwise, headers } = formatErrors(errors);
  const { http } = running.response;
  if (status !== undefined) http.status = status;
  for (const [name, value] of headers) http.headers.set(name, value);
  return formatted;
}

/** The fields in the order in which Apollo Server writes them. */
function toJson({ errors, data, extensions }: ExecutionSeen): string {
  return `${JSON.stringify({ errors, data, extensions })}\n`;
}
