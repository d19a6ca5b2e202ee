// Better Auth as its documentation sets it up: e-mail and password, the bearer plugin, PostgreSQL. Its rate limits and its
// telemetry are off; nothing else is changed.
import { createServer } from 'node:http';
import process from 'node:process';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { bearer } from 'better-auth/plugins';
import pg from 'pg';

const { DATABASE_URL, SECRET } = process.env;
const auth = betterAuth({
  baseURL: 'http://localhost:4000',
  secret: SECRET,
  database: new pg.Pool({ connectionString: DATABASE_URL, max: 10 }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [bearer()],
});
await (await getMigrations(auth.options)).runMigrations();
const server = createServer(toNodeHandler(auth));
server.listen(0, '127.0.0.1', () => process.stdout.write(`serves http://127.0.0.1:${server.address().port}/\n`));
