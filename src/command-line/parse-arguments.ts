import { parseArgs } from 'node:util';
import type { Command } from './command.js';

/** What somebody typed. */
export type Parsed =
  | { kind: 'run'; command: Command; operands: readonly string[]; isJson: boolean; readsPassword: boolean }
  | { kind: 'help'; text: string }
  /** It is no command; `text` says what there is. */
  | { kind: 'misused'; text: string };

const OPTIONS = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  password: { type: 'boolean' },
} as const;

/** Finds the command that the words after `gatehouse` mean; none at all mean the first command. */
export function parseArguments(args: string[], commands: readonly Command[]): Parsed {
  const parsed = read(args);
  if (parsed === null)
    return misused('The options are --json, --help and, where a command says so, --password.', commands);
  const { values, positionals } = parsed;
  const words = positionals.join(' ');
  const command =
    words === '' ? commands[0] : commands.find(({ name }) => words === name || words.startsWith(`${name} `));
  if (values.help)
    return { kind: 'help', text: helpOn({ command: words === '' ? undefined : command, words, commands }) };
  if (command === undefined) return misused(`There is no command "${words}".`, commands);
  const operands = words.slice(command.name.length).trim().split(' ').filter(Boolean);
  const readsPassword = values.password === true;
  const isRight = operands.length === (command.operandNames ?? []).length;
  if ((words !== '' && !isRight) || (readsPassword && !command.takesPassword)) {
    return misused(`Usage: gatehouse ${usageOf(command)}`, []);
  }
  return { kind: 'run', command, operands, isJson: values.json === true, readsPassword };
}

function read(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch {
    return null;
  }
}

function usageOf({ name, operandNames = [], takesPassword }: Command): string {
  return [name, ...operandNames.map((each) => `<${each}>`), ...(takesPassword ? ['[--password]'] : [])].join(' ');
}

function helpOn(needs: { command: Command | undefined; words: string; commands: readonly Command[] }): string {
  const { command, words, commands } = needs;
  if (command === undefined)
    return listOf(
      commands.filter(({ name }) => name.startsWith(words)),
      commands,
    );
  return `gatehouse ${usageOf(command)} [--json]\n\n${command.summary}\n${command.detail ?? ''}`.trimEnd();
}

function listOf(some: readonly Command[], all: readonly Command[]): string {
  const shown = some.length > 0 ? some : all;
  const width = Math.max(...shown.map((command) => usageOf(command).length));
  const lines = shown.map((command) => `  gatehouse ${usageOf(command).padEnd(width)}  ${command.summary}`);
  const footer = [
    '--json prints the outcome as one JSON object. --help after a command tells more of it.',
    'Settings come from the environment and from .env in the working folder.',
    'It ends with 0 where all is well, 1 where it is not, 2 where there is no such command.',
  ];
  return [...lines, '', ...footer].join('\n');
}

function misused(fault: string, commands: readonly Command[]): Parsed {
  const text = commands.length === 0 ? fault : `${fault}\n\n${listOf(commands, commands)}`;
  return { kind: 'misused', text };
}
