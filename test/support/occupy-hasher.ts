import { type GraphqlAnswer, type GraphqlClient, LOGIN, type Person } from './graphql-client.js';
import { eventually } from './lock-step.js';
import type { TestDatabase } from './test-database.js';

/** A login that takes a hashing thread for itself, far longer than anything else in a test takes. */
export interface Occupation {
  isAnswered(): boolean;
  /** Refused in the end: the password does not belong to the hash. */
  answer: Promise<GraphqlAnswer>;
}

/** One hashing: about a second for 14, twice as long for each more. */
const COST = 14;

/** Somebody whose stored hash is of such a cost; no password belongs to it. */
export async function registerSlowOne(needs: {
  client: GraphqlClient;
  database: TestDatabase;
  cost?: number;
}): Promise<Person> {
  const person = await needs.client.registerSomebody();
  await needs.database.query(
    `UPDATE gatehouse.users SET password_hash = regexp_replace(password_hash, 'r=\\d+', $2) WHERE id = $1`,
    [person.user.id, `r=${needs.cost ?? COST}`],
  );
  return person;
}

/** Logs a slow one in; resolves when their hash was read: whoever comes from now on waits behind them. */
export async function occupyHasher(needs: {
  client: GraphqlClient;
  database: TestDatabase;
  slowOne: Person;
}): Promise<Occupation> {
  const { client, database, slowOne } = needs;
  const [began] = await database.query<{ at: string }>('SELECT clock_timestamp()::text AS at');
  let isAnswered = false;
  const answer = client.send(LOGIN, { input: { email: slowOne.email, password: slowOne.password } }).then((given) => {
    isAnswered = true;
    return given;
  });
  await eventually(async () => {
    const rows = await database.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'
         AND query_start > $1::timestamptz AND query LIKE '%limit_counters%'
         AND pid <> pg_backend_pid()`,
      [began?.at],
    );
    return rows.length > 0;
  });
  return { isAnswered: () => isAnswered, answer };
}
