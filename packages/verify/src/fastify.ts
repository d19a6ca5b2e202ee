import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessToken } from './access-token.js';
import { AccessTokenError } from './access-token-error.js';
import type { Verifier } from './create-verifier.js';

const RETRY_AFTER_SECONDS = 5;

/** What a route asks of its callers. */
export interface RequireAuthOptions {
  /** A scope that the token must have. */
  readonly scope?: string;
}

/** A hook for `onRequest`, and how its route learns who called. */
export interface RequireAuth {
  (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined>;
  /** The caller of a request that the hook let in. */
  callerOf(request: FastifyRequest): AccessToken;
}

/**
 * Makes a hook that lets in whom the gateway's access token speaks for. Others get 401 or 403 with `WWW-Authenticate`
 * (RFC 6750 3), or 503 with `Retry-After` where the gateway's keys can't be had; in JSON, shaped as GraphQL's errors are.
 *
 * @throws {TypeError} where the scope is no scope.
 */
export function createRequireAuth(verifier: Verifier, options: RequireAuthOptions = {}): RequireAuth {
  const { scope } = options;
  // A setting that is missing would let in whoever is signed in.
  if ('scope' in options && (typeof scope !== 'string' || !/^\S+$/.test(scope))) {
    throw new TypeError('createRequireAuth: scope must be a text without spaces, or left out');
  }
  const callers = new WeakMap<FastifyRequest, AccessToken>();
  const hook = async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      const token = await verifier.verifyHeader(request.headers.authorization);
      if (token === null) throw new AccessTokenError('NO_TOKEN');
      if (scope !== undefined && !token.scopes.includes(scope)) return refuseScope(reply, scope);
      callers.set(request, token);
      return undefined;
    } catch (error) {
      if (error instanceof AccessTokenError) return refuse(reply, error);
      throw error;
    }
  };
  const callerOf = (request: FastifyRequest): AccessToken => {
    const token = callers.get(request);
    if (token === undefined) throw new Error('this route has no requireAuth hook');
    return token;
  };
  return Object.assign(hook, { callerOf });
}

function refuse(reply: FastifyReply, { code, message }: AccessTokenError): FastifyReply {
  if (code === 'KEYS_UNAVAILABLE') {
    const extensions = { code: 'SERVICE_UNAVAILABLE', retryAfter: RETRY_AFTER_SECONDS };
    return answer(reply.header('retry-after', RETRY_AFTER_SECONDS), { status: 503, message, extensions });
  }
  // RFC 6750 3.1: who sent no token is told no error code.
  const challenge = code === 'NO_TOKEN' ? 'Bearer' : `Bearer error="invalid_token", error_description="${message}"`;
  const extensions = { code: 'UNAUTHENTICATED', reason: code };
  return answer(reply.header('www-authenticate', challenge), { status: 401, message, extensions });
}

function refuseScope(reply: FastifyReply, scope: string): FastifyReply {
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
  const extensions = { code: 'FORBIDDEN' };
  return answer(reply.header('www-authenticate', challenge), {
    status: 403,
    message: 'You may not do this.',
    extensions,
  });
}

function answer(
  reply: FastifyReply,
  { status, message, extensions }: { status: number; message: string; extensions: object },
): FastifyReply {
  return reply.code(status).send({ errors: [{ message, extensions }] });
}
