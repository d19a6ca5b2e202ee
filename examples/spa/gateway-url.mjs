import process from 'node:process';

process.env.VITE_GATEHOUSE_URL ??= 'http://localhost:4000/graphql';

/** The gateway's GraphQL endpoint: what VITE_GATEHOUSE_URL says, from here on also to Vite. */
export const gatewayUrl = process.env.VITE_GATEHOUSE_URL;
