import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { createGatewaySchema } from './gateway-schema.js';
import { systemClock } from './platform/clock.js';

/** The gateway's public API in the schema definition language, as schema/schema.graphql holds it. */
export function gatewaySdl(): string {
  return `${printSchemaWithDirectives(createGatewaySchema({ clock: systemClock }).schema)}\n`;
}
