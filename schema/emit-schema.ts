import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gatewaySdl } from '../src/gateway-sdl.js';

// Writes schema/schema.graphql anew; run from the project's folder by `npm run schema`.
await writeFile(join('schema', 'schema.graphql'), await gatewaySdl());
