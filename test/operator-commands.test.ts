import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDeployment, type Deployment } from './support/gateway-pair.js';
import { makeTestFolder, runMain, type TestFolder } from './support/main-run.js';

let folder: TestFolder;
let deployment: Deployment;
beforeAll(async () => {
  folder = await makeTestFolder();
  deployment = await createDeployment();
});
afterAll(async () => {
  await deployment.close();
  await folder.remove();
});

/** The README's commands for operators, as they stand there. */
const commands = [...readFileSync('README.md', 'utf8').matchAll(/^npx gatehouse ((?:users|sessions) [^#\n]+)/gm)].map(
  ([, command = '']) => command.trim(),
);

it("the README's commands for operators do what they say, in their order", async () => {
  const printed: string[] = [];
  for (const command of commands) {
    const { code, stdout, stderr } = await runMain(
      command.split(' '),
      { DATABASE_URL: deployment.database.url },
      { cwd: folder.path },
    );
    expect([command, code, stderr]).toEqual([command, 0, '']);
    printed.push(stdout);
  }
  expect(printed).toEqual([
    expect.stringMatching(/^Made .* for ada@example\.org\.\n$/),
    expect.stringMatching(/^email +ada@example\.org$/m),
    'ada@example.org now has: ADMIN.\n',
    'Disabled ada@example.org. 0 sessions ended.\n',
    'No live session.\n',
    '0 sessions ended.\n',
  ]);
});
