// Tests of `npm test` that go through HTTP, twice: by Apollo Server's pipeline alone, and with a hot lane that is shown
// every operation before its first use. All answers are written down and compared.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { compareAnswers } from './compare-answers.mjs';

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const jest = [pathOf('../node_modules/jest/bin/jest.js'), '--config', pathOf('./jest.config.mjs')];

/** Whether all tests passed. */
function passes({ hotLane, file }) {
  process.stderr.write(`With HOT_LANE=${hotLane}:\n`);
  const env = { ...process.env, GATEHOUSE_TEST_HOT_LANE: hotLane, GATEHOUSE_TEST_ANSWERS: file };
  const args = ['--experimental-vm-modules', ...jest, ...process.argv.slice(2)];
  return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-lanes-'));
const [apolloFile, laneFile] = [join(folder, 'apollo'), join(folder, 'lane')];
try {
  process.exitCode = 1;
  if (passes({ hotLane: 'false', file: apolloFile }) && passes({ hotLane: 'true', file: laneFile })) {
    const { report, isSame } = compareAnswers({ apolloFile, laneFile });
    process.stdout.write(`${report.join('\n')}\n`);
    process.exitCode = isSame ? 0 : 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
