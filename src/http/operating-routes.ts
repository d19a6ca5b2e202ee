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
  jwks: () => object;
  readiness: () => Readiness;
}

/** The public keys. */
export function addJwksRoute({ fastify, jwks }: Pick<OperatingRouteParts, 'fastify' | 'jwks'>): void {
  fastify.get(JWKS_PATH, { exposeHeadRoute: true }, async (_request, reply) =>
    reply
      .header('cache-control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`)
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(jwks())),
  );
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
