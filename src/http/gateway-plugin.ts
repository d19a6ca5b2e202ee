import cors from '@fastify/cors';
import type { FastifyPluginAsync } from 'fastify';
import { addAccountRoutes } from './account-routes.js';
import { createAdmission } from './admission.js';
import { corsOptions, pageCheck } from './cross-origin.js';
import { addDevMailRoutes } from './dev-mail-routes.js';
import { addExploringRoutes, addGraphqlRoute } from './graphql-routes.js';
import { readOnlyJson } from './json-body.js';
import { httpLimits } from './limits.js';
import { addJwksRoute } from './operating-routes.js';
import { GRAPHQL_PATH } from './paths.js';
import { refuseErrorsInJson } from './refusing.js';
import { requestCheck } from './request-checks.js';
import { addAnswerHooks } from './request-hooks.js';
import type { HttpServerParts } from './server.js';

/**
 * `POST /graphql`, the public keys and, in development, the explorers, as a plugin of somebody else's Fastify server. Its
 * headers, checks, body parser and error answers hold for these routes alone. Timeouts, the number of connections,
 * request ids and the trust in proxies stay with the server.
 */
export function gatewayPlugin(
  open: () => Promise<Omit<HttpServerParts, 'readiness'>>,
  close: () => Promise<void>,
): FastifyPluginAsync {
  return async (fastify) => {
    fastify.addHook('onClose', close);
    const parts = await open();
    const { config, log, clock, metrics, random, apollo } = parts;
    const limits = httpLimits(parts.limits);
    const { isProduction } = config;
    const check = requestCheck({
      hostRule: { isProduction, publicUrl: config.publicUrl },
      limits,
      unreadableUrls: new WeakSet(),
    });
    const isClosing = () => false;
    addAnswerHooks({ fastify, config, log, clock, metrics, isClosing, isLast: isClosing, check });
    refuseErrorsInJson({ fastify, log });
    readOnlyJson({ fastify, depthMax: limits.bodyDepthMax });
    await fastify.register(
      async (graphql) => {
        // In here, so that its route for preflights takes none of the server's other paths.
        await graphql.register(cors, corsOptions(config));
        const isPageAllowed = pageCheck(config);
        const admission = createAdmission(limits);
        const route = { url: '', bodyLimit: limits.bodyBytesMax };
        addGraphqlRoute({ ...parts, ...route, fastify: graphql, admission, isPageAllowed });
      },
      { prefix: GRAPHQL_PATH },
    );
    addJwksRoute({ fastify, jwks: parts.jwks });
    addAccountRoutes({ fastify, random, accountPagesUrl: config.accountPagesUrl });
    if (!isProduction) addExploringRoutes({ fastify, apollo, random });
    if (parts.inbox !== null) addDevMailRoutes({ fastify, random, inbox: parts.inbox });
  };
}
