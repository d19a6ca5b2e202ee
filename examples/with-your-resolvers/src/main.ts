import process from 'node:process';
import { createNotesGateway } from './create-notes-gateway.js';

const gateway = createNotesGateway();
const { url } = await gateway.start();
process.stdout.write(`${url}/graphql\n`);
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void gateway.stop());
