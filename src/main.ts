#!/usr/bin/env node
import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Command, Outcome } from './command-line/command.js';
import { configCheck } from './command-line/config-check.js';
import { doctor } from './command-line/doctor.js';
import { keysCommands } from './command-line/keys.js';
import { migrateCommands } from './command-line/migrate.js';
import { parseArguments } from './command-line/parse-arguments.js';
import { printableJson } from './command-line/printable.js';
import { schemaPrint } from './command-line/schema-print.js';
import { sessionsCommands } from './command-line/sessions.js';
import { start } from './command-line/start.js';
import { usersCommands } from './command-line/users.js';
import { explainFault } from './explain-fault.js';

const ENVIRONMENT_FILE = '.env';
const EXIT_FAULTY = 1;
const EXIT_MISUSED = 2;

const commands: readonly Command[] = [
  start,
  ...migrateCommands,
  ...usersCommands,
  ...sessionsCommands,
  ...keysCommands,
  schemaPrint,
  configCheck,
  doctor,
];

function print({ text, json, isGood }: Outcome, isJson: boolean): void {
  process.stdout.write(`${isJson ? printableJson(json) : text}\n`);
  process.exitCode = isGood ? 0 : EXIT_FAULTY;
}

/** Signals are listened for by then, which keeps a process from ending by itself. */
function endOnceWritten(): void {
  process.stdout.write('', () => process.exit());
}

const parsed = parseArguments(process.argv.slice(2), commands);
if (parsed.kind === 'help') {
  process.stdout.write(`${parsed.text}\n`);
} else if (parsed.kind === 'misused') {
  process.stderr.write(`${parsed.text}\n`);
  process.exitCode = EXIT_MISUSED;
} else {
  try {
    if (existsSync(ENVIRONMENT_FILE)) process.loadEnvFile(ENVIRONMENT_FILE);
    const outcome = await parsed.command.run(parsed.operands, parsed);
    if (outcome !== null) {
      print(outcome, parsed.isJson);
      endOnceWritten();
    }
  } catch (error) {
    const text = explainFault(error);
    process.stderr.write(parsed.isJson ? `${JSON.stringify({ fault: text })}\n` : `${text}\n`);
    process.exit(EXIT_FAULTY);
  }
}
