import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { comparedRates, contestant, ratesTable, ratioOf } from '../compare.mjs';
import { BCRYPT_COST, HASH_WORKERS } from '../stage.mjs';
import { betterAuthPeople } from './better-auth-people.mjs';

export const title = '`login`';
export const about =
  'The limit is HASH_WORKERS ÷ the time of one comparison, measured in each round with nothing else to do. Better Auth ' +
  'hashes with scrypt; its `sign-in/email` stands here for the order of magnitude.';

const LIMIT = fileURLToPath(new URL('../servers/hash-limit.mjs', import.meta.url));

export async function run(stage) {
  const { rounds, seconds } = stage.options;
  const database = await stage.database();
  const gateway = await stage.gateway(database);
  const betterAuth = await stage.betterAuth(database);
  const [people, others] = [await database.people.pick(256), await betterAuthPeople(betterAuth.url)];
  const shared = { mix: { login: 1 }, seconds: Math.max(seconds, 2), connections: 4 * HASH_WORKERS };
  const limit = async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [LIMIT, HASH_WORKERS, BCRYPT_COST, shared.seconds]);
    return { rate: Number(stdout) };
  };
  const rates = await comparedRates({
    rounds,
    contestants: {
      gateway: contestant({ ...shared, url: gateway.url, pick: () => people }),
      limit,
      'Better Auth': contestant({
        ...shared,
        url: betterAuth.url,
        dialect: 'better-auth',
        pick: () => others,
      }),
    },
  });
  return {
    ...ratesTable(rates, ['limit', 'Better Auth']),
    ratios: [{ label: 'login ÷ its limit', value: ratioOf(rates.gateway, rates.limit), atLeast: 0.9 }],
  };
}
