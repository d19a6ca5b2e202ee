// Measures the gateway beside a floor and beside Better Auth: `npm run bench -- --help`.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { describeMachine } from './report/machine.mjs';
import { markdownOf, tableOf } from './report/markdown.mjs';
import { writeReport } from './report/write-report.mjs';
import { openStage } from './stage.mjs';

const PARTS = [
  'me',
  'refresh',
  'login',
  'mixed',
  'anonymous',
  'statements',
  'startup',
  'memory',
  'storm',
  'growth',
  'wal',
  'overload',
  'workers',
];

const HELP = `npm run bench -- [options] [parts]

  --rounds <n>    rounds of each comparison (5)
  --seconds <n>   length of each turn (4)
  --quick         one round of one second, small tables: shows that it runs, not how fast
  --out <folder>  where results.md and results.svg go (bench; with --quick or some parts alone: nowhere)

  parts: ${PARTS.join(' ')} (all)`;

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const unknown = positionals.filter((name) => !PARTS.includes(name));
  if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}.\n\n${HELP}`);
  const isWhole = !values.quick && positionals.length === 0;
  return {
    isHelp: values.help,
    parts: positionals.length > 0 ? PARTS.filter((name) => positionals.includes(name)) : PARTS,
    rounds: Number(values.rounds ?? (values.quick ? 1 : 5)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : 4)),
    isQuick: values.quick,
    out: values.out ?? (isWhole ? new URL('.', import.meta.url).pathname : null),
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  };
}

async function runParts({ stage, options, machine }) {
  const { parts, out } = options;
  const results = [];
  for (const name of parts) {
    const part = await import(`./parts/${name}.mjs`);
    process.stderr.write(`${name} …\n`);
    const result = { name, title: part.title, about: part.about, ...(await part.run(stage)) };
    await stage.stopServers();
    process.stdout.write(`\n${tableOf(result)}\n`);
    results.push(result);
    // After each part: what one has measured is not lost where the next one fails.
    if (out !== null) await writeReport({ machine, options, results, folder: out });
  }
  return results;
}

const options = readOptions();
if (options.isHelp) {
  process.stdout.write(`${HELP}\n`);
} else {
  const stage = await openStage(options);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => stage.close().finally(() => process.exit(1)));
  }
  try {
    const machine = await describeMachine(stage);
    const results = await runParts({ stage, options, machine });
    if (options.out === null) process.stdout.write(`\n${markdownOf({ machine, options, results, isBrief: true })}\n`);
  } finally {
    await stage.close();
  }
}
