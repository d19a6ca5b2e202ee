import { ConfigError, readConfig } from '../config.js';
import type { Command } from './command.js';

/** Reads the settings and touches nothing. */
export const configCheck: Command = {
  name: 'config check',
  summary: 'Says whether the settings can be used; names every fault at once, and no value of a secret.',
  run: async () => {
    try {
      const config = readConfig();
      const facts = {
        rules: config.isProduction ? 'production' : 'development',
        listensOn: `${config.host}:${config.port}`,
        publicUrl: config.publicUrl,
        issuer: config.jwtIssuer,
        audience: config.jwtAudience,
        database: config.databaseUrl === null ? 'embedded' : 'DATABASE_URL',
      };
      const lines = Object.entries(facts).map(([name, value]) => `  ${name.padEnd(10)} ${value}`);
      return { text: ['The settings can be used.', ...lines].join('\n'), json: { faults: [], ...facts }, isGood: true };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { text: error.message, json: { faults: error.faults }, isGood: false };
    }
  },
};
