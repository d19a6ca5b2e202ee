import { inTurns, median } from '../compare.mjs';

export const title = 'Start';
export const about = 'From the start of the process until it says that it serves, on a database that is migrated.';

export async function run(stage) {
  const database = await stage.database();
  const timed = (start) => async () => {
    const server = await start();
    await server.stop();
    return server.startMs;
  };
  const measured = await inTurns({
    rounds: stage.options.rounds,
    contestants: {
      gateway: timed(() => stage.gateway(database)),
      floor: timed(() => stage.floor(database)),
      'Better Auth': timed(() => stage.betterAuth(database)),
    },
  });
  return {
    columns: ['', 'ms (median)'],
    rows: Object.entries(measured).map(([name, all]) => [name, median(all).toFixed(0)]),
    ratios: [],
  };
}
