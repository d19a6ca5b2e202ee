import { readConfig } from '../config.js';
import { gatewaySdl, subgraphGatewaySdl } from '../gateway-sdl.js';
import type { Command } from './command.js';

/** Prints the public API. */
export const schemaPrint: Command = {
  name: 'schema print',
  summary: 'Prints the public API in the schema definition language.',
  detail: 'With GATEHOUSE_FEDERATION=true, as a subgraph of Apollo Federation 2, for composition.',
  run: async () => {
    const sdl = readConfig().isFederated ? subgraphGatewaySdl() : gatewaySdl();
    return { text: sdl.trimEnd(), json: { sdl }, isGood: true };
  },
};
