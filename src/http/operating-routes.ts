import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { JWKS_PATH, LIVE_PATH, READY_PATH } from './paths.js';

const JWKS_MAX_AGE_SECONDS = 300;

/** What a cause may look like: a word of ours, never the text of an error, as anybody may read it. */
const CAUSE = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;

export interface Readiness {
  isReady: boolean;
  causes: readonly string[];
}

interface OperatingRouteParts {
  fastify: FastifyInstance;
  /** The same object until it changes. */
  jwks: () => object;
  readiness: () => Readiness;
}

/** The public keys, with an ETag (RFC 9110 8.8.3). */
export function addJwksRoute({ fastify, jwks }: Pick<OperatingRouteParts, 'fastify' | 'jwks'>): void {
  const published = new WeakMap<object, { body: string; etag: string }>();
  fastify.get(JWKS_PATH, { exposeHeadRoute: true }, async (request, reply) => {
    const keys = jwks();
    const { body, etag } = published.get(keys) ?? represent(keys);
    published.set(keys, { body, etag });
    reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`).header('etag', etag);
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(body);
  });
}

/** The public keys and the health of the process. */
export function addOperatingRoutes({ fastify, jwks, readiness }: OperatingRouteParts): void {
  const options = { exposeHeadRoute: true };
  addJwksRoute({ fastify, jwks });
  fastify.get(LIVE_PATH, options, async () => ({ status: 'live' }));
  fastify.get(READY_PATH, options, async (_request, reply) => {
    const { isReady, causes } = readiness();
    if (isReady) return { status: 'ready' };
    return reply
      .code(503)
      .send({ status: 'not_ready', causes: causes.map((cause) => (CAUSE.test(cause) ? cause : 'other')) });
  });
}

function represent(keys: object): { body: string; etag: string } {
  const body = JSON.stringify(keys);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

/** RFC 9110 13.1.2: `*`, or one of a list of tags, compared weakly. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
