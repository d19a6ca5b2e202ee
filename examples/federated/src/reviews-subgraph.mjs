import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createVerifier } from '@gatehouse/verify';
import { createAuthenticate } from '@gatehouse/verify/apollo';
import { parse } from 'graphql';

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@authenticated", "@requiresScopes"])

  "A user of the gateway's, known here by the id alone."
  type User @key(fields: "id") {
    id: ID!
    reviews: [Review!]!
  }

  type Review {
    text: String!
    author: User!
  }

  type Query {
    "Anybody may read."
    latestReviews: [Review!]!
    "The signed-in alone: whose they are comes from the access token."
    myReviews: [Review!]! @authenticated
    "Whoever has the scope."
    reviewCount: Int! @authenticated @requiresScopes(scopes: [["reviews:count"]])
  }

  type Mutation {
    writeReview(text: String!): Review! @authenticated
  }
`);

/**
 * A subgraph that knows of the gateway nothing but its public keys.
 *
 * @param {{ issuer: string, jwksUrl: string, port?: number, nowMs?: () => number }} settings
 */
export async function startReviews({ issuer, jwksUrl, port = 0, ...others }) {
  const authenticate = createAuthenticate(createVerifier({ issuer, audience: issuer, jwksUrl, ...others }));
  const reviews = [];
  const reviewsOf = (id) => reviews.filter(({ authorId }) => authorId === id);
  const resolvers = {
    User: { reviews: ({ id }) => reviewsOf(id) },
    Review: { author: ({ authorId }) => ({ __typename: 'User', id: authorId }) },
    Query: {
      latestReviews: () => reviews.slice(-10).reverse(),
      // The directives are for the router. A subgraph that can be reached without one holds to its policies by itself.
      myReviews: (_, __, { auth }) => reviewsOf(auth.requireAuth().userId),
      reviewCount: (_, __, { auth }) => {
        auth.requireScope('reviews:count');
        return reviews.length;
      },
    },
    Mutation: {
      writeReview: (_, { text }, { auth }) => {
        const review = { text, authorId: auth.requireAuth().userId };
        reviews.push(review);
        return review;
      },
    },
  };
  const server = new ApolloServer({
    schema: buildSubgraphSchema({ typeDefs, resolvers }),
    introspection: true,
    includeStacktraceInErrorResponses: false,
    plugins: [ApolloServerPluginInlineTraceDisabled()],
  });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port },
    context: async ({ req }) => ({ auth: await authenticate(req.headers.authorization) }),
  });
  return { url, stop: () => server.stop() };
}
