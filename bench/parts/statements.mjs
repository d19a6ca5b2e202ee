import { driveClosed } from '../load/drive.mjs';

export const title = 'Statements an operation';
export const about =
  'Counted at the driver, the rounds aside that no request causes; 100 of each, after one to warm up.';

const OPERATIONS = 100;
const AIMS = { me: 0, refresh: 3 };

export async function run(stage) {
  const database = await stage.database();
  const gateway = await stage.gateway(database, { isProbed: true });
  const person = async () => (await database.people.pick(1)).slice(0, 1);
  const first = await counted(gateway, { people: await person(), mix: { me: 1 }, amount: 1 });
  const rows = [['me, the first of a user', first.toFixed(2)]];
  const ratios = [];
  for (const name of ['me', 'refresh', 'login', 'typename']) {
    const shared = { mix: { [name]: 1 } };
    const people = await person();
    if (name === 'me') await driveClosed({ ...shared, people, url: gateway.url, connections: 1, amount: 1 });
    const each = (await counted(gateway, { ...shared, people, amount: OPERATIONS })) / OPERATIONS;
    rows.push([name === 'typename' ? '{ __typename }' : name, each.toFixed(2)]);
    if (name in AIMS) ratios.push({ label: `statements, ${name}`, value: each, atMost: AIMS[name] });
  }
  return { columns: ['operation', 'statements'], rows, ratios };
}

async function counted(gateway, plan) {
  const before = await gateway.ask('statements');
  await driveClosed({ ...plan, url: gateway.url, connections: 1 });
  return (await gateway.ask('statements')) - before;
}
