import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { graphqlSync } from 'graphql';
import { createGatewaySchema } from './gateway-schema.js';
import { systemClock } from './platform/clock.js';

/** The gateway's public API in the schema definition language, as schema/schema.graphql holds it. */
export function gatewaySdl(): string {
  return `${printSchemaWithDirectives(createGatewaySchema({ clock: systemClock }).schema)}\n`;
}

/** The same as a subgraph of Apollo Federation 2, for composition. */
export function subgraphGatewaySdl(): string {
  const federation = { references: {}, isSchemaTold: true };
  const { schema } = createGatewaySchema({ clock: systemClock, federation });
  const { data } = graphqlSync({ schema, source: '{ _service { sdl } }' });
  return (data as { _service: { sdl: string } })._service.sdl;
}
