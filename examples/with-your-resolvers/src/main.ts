import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { readConfig } from 'gatehouse';
import { createNotesGateway } from './create-notes-gateway.js';

// Of this example's own, wherever it is started: an embedded server serves one gateway.
const dataDir = fileURLToPath(new URL('../.gatehouse', import.meta.url));
const gateway = createNotesGateway({ config: readConfig({ GATEHOUSE_DATA_DIR: dataDir, ...process.env }) });
const { url } = await gateway.start();
process.stdout.write(`${url}/graphql\n`);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void gateway.stop());
