import { gatewaySdl } from '../gateway-sdl.js';
import type { Command } from './command.js';

/** Prints the public API. */
export const schemaPrint: Command = {
  name: 'schema print',
  summary: 'Prints the public API in the schema definition language.',
  run: async () => {
    const sdl = await gatewaySdl();
    return { text: sdl.trimEnd(), json: { sdl }, isGood: true };
  },
};
