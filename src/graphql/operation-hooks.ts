import type { ApolloServerPlugin, GraphQLRequestListener, HeaderMap } from '@apollo/server';
import type {
  DocumentNode,
  GraphQLError,
  GraphQLFormattedError,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import type { GatewayContext } from './context.js';

/** An operation under way. */
export interface RunningOperation {
  schema: GraphQLSchema;
  contextValue: GatewayContext;
  request: { variables?: Record<string, unknown> };
  /** Absent where it could not be parsed. */
  document?: DocumentNode;
  /** Absent where it is not valid, or there is none of the name that was asked for. */
  operation?: OperationDefinitionNode;
  operationName?: string | null;
  /** As they arose. */
  errors?: readonly GraphQLError[];
  response: {
    http: { status?: number; headers: HeaderMap };
    /** The result as clients are to see it; hooks may cut it. */
    body: { kind: string; singleResult?: { errors?: readonly GraphQLFormattedError[] | undefined } };
  };
}

/** What is done around an operation, whichever way executes it. All at once: a promise for each would cost more than its work. */
export interface OperationHooks {
  /**
   * Before it is executed.
   *
   * @throws {GraphQLError} why it is refused.
   */
  resolved?(running: RunningOperation): void;
  /** It has errors. */
  failed?(running: RunningOperation): void;
  /** Before its answer is sent. */
  answered?(running: RunningOperation): void;
}

/** Makes the hooks of one operation, as it begins. */
export type BeginOperation = () => OperationHooks;

/** The same hooks around each operation of an Apollo Server. */
export function apolloPlugin(begins: readonly BeginOperation[]): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async (): Promise<GraphQLRequestListener<GatewayContext>> => {
      const all = begins.map((begin) => begin());
      return {
        didResolveOperation: async (running) => {
          for (const hooks of all) hooks.resolved?.(running as RunningOperation);
        },
        didEncounterErrors: async (running) => {
          for (const hooks of all) hooks.failed?.(running as RunningOperation);
        },
        willSendResponse: async (running) => {
          for (const hooks of all) hooks.answered?.(running as RunningOperation);
        },
      };
    },
  };
}
