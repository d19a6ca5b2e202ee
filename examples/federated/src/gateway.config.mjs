import { defineConfig } from '@graphql-hive/gateway';

/** The one that signs in: cookies are its business alone. */
const GATEHOUSE = 'gatehouse';

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs: ({ request, subgraphName, context }) => ({
      authorization: request.headers.get('authorization'),
      'user-agent': request.headers.get('user-agent'),
      // Never what the client wrote: the gateway believes this header, as the router is in its TRUSTED_PROXIES.
      'x-forwarded-for': context.req?.socket.remoteAddress,
      ...(subgraphName === GATEHOUSE
        ? {
            cookie: request.headers.get('cookie'),
            // Which page asks decides whether it may use the cookie.
            origin: request.headers.get('origin'),
            'sec-fetch-site': request.headers.get('sec-fetch-site'),
          }
        : {}),
    }),
    fromSubgraphsToClient: ({ response, subgraphName }) =>
      subgraphName === GATEHOUSE ? { 'set-cookie': response.headers.getSetCookie() } : {},
  },
  // Codes and reasons stay as the subgraphs write them.
  subgraphErrors: { errorCode: false, subgraphNameProp: false },
  // Two people's requests may look alike but for what a deduplication leaves out.
  deduplicateRequest: false,
  cors: false,
  graphiql: false,
  landingPage: false,
});
