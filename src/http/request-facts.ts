import type { FastifyRequest } from 'fastify';
import type { CookieExchange, RequestFacts } from '../graphql/context.js';
import { clientAddress } from './client-address.js';
import { notesOf } from './request-log.js';

/** What the context may know of a request. */
export function requestFacts({ request, cookies }: { request: FastifyRequest; cookies: CookieExchange }): RequestFacts {
  return {
    requestId: request.id,
    ipAddress: clientAddress([request.socket.remoteAddress, ...(request.ips ?? [])]),
    userAgent: request.headers['user-agent'] ?? null,
    authorization: request.headers.authorization ?? null,
    headers: request.headers,
    cookies,
    notes: notesOf(request),
  };
}
