import { printSchema } from 'graphql';
import { gatewayResolvers } from './gateway.js';
import { buildGatewaySchema } from './graphql/build-gateway-schema.js';

/** The gateway's public API in the schema definition language, as schema/schema.graphql holds it. */
export async function gatewaySdl(): Promise<string> {
  const schema = await buildGatewaySchema({
    resolvers: gatewayResolvers,
    container: { get: () => ({}) },
    onForbidden: async () => undefined,
  });
  return `${printSchema(schema)}\n`;
}
