import { readConfig } from './src/config.js';
import { createDataSource } from './src/data-source.js';

const config = readConfig();
if (config.databaseDirectUrl === null) throw new Error("set DATABASE_URL: TypeORM's command line needs a database");

/** For TypeORM's command line; `npm run migrate` and the server take the same description from src/data-source.ts. */
export default createDataSource({
  url: config.databaseDirectUrl,
  schema: config.databaseSchema,
  poolMax: 2,
  isPooled: false,
  hasTimeouts: false,
});
