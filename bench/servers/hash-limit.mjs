// How many passwords a second so many threads compare, with nothing else to do: no login can be faster.
import process from 'node:process';
import { systemClock } from '../../dist/src/platform/clock.js';
import { systemRandom } from '../../dist/src/platform/random.js';
import { createPasswordHasher } from '../../dist/src/user/password/password-hasher.js';

const [workers, cost, seconds] = process.argv.slice(2).map(Number);
const hasher = createPasswordHasher({ workers, queueMax: 1000, cost, random: systemRandom(systemClock) });
const passwordHash = await hasher.hash('a long enough passphrase');
const compare = () => hasher.verify({ normalized: 'a long enough passphrase', passwordHash });
await Promise.all(Array.from({ length: workers }, compare));

const beganMs = performance.now();
const isOver = () => performance.now() - beganMs > seconds * 1000;
let compared = 0;
async function one() {
  while (!isOver()) {
    await compare();
    compared += 1;
  }
}
// Two for each thread, so that none ever waits for work.
await Promise.all(Array.from({ length: 2 * workers }, one));
process.stdout.write(`${(compared / (performance.now() - beganMs)) * 1000}\n`);
await hasher.close();
