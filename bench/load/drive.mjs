// Drives load from a process of its own, so that the load costs the servers no time of their event loops.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLOSED = fileURLToPath(new URL('./closed-loop.mjs', import.meta.url));
const OPEN = fileURLToPath(new URL('./open-loop.mjs', import.meta.url));

async function inOwnProcess(file, plan) {
  const child = fork(file, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const answered = Promise.race([
    once(child, 'message').then(([answer]) => answer),
    once(child, 'exit').then(([code]) => ({ fault: `the load process ended with ${code}` })),
  ]);
  child.send(plan);
  const answer = await answered;
  if (child.exitCode === null && child.signalCode === null) {
    child.kill();
    await once(child, 'exit');
  }
  if (answer.fault !== undefined) throw new Error(answer.fault);
  return answer;
}

/** So many connections, each of which asks again once it is answered. Any answer but the wanted one is an error. */
export const driveClosed = (plan) => inOwnProcess(CLOSED, plan);

/** So many requests a second, whether or not earlier ones were answered. */
export const driveOpen = (plan) => inOwnProcess(OPEN, plan);
