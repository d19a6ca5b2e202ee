import { withMigrations } from '../open-database.js';
import { type MigrationTarget, migrate, migrateDown, migrationStatus } from '../platform/database/migrate.js';
import type { Command } from './command.js';
import { withDatabase } from './with-database.js';

const onDatabase = <Result>(work: (target: MigrationTarget) => Promise<Result>) =>
  withDatabase(({ config, database }) => withMigrations({ config, database }, work));

const run: Command = {
  name: 'migrate run',
  summary: 'Brings the tables up to date.',
  detail: 'Any number of processes may do so at once: one does the work, the others wait for it. A start does it, too.',
  run: async () => {
    const ran = await onDatabase(migrate);
    const text = ran.length === 0 ? 'The tables were up to date.' : `Ran ${ran.join(', ')}.`;
    return { text, json: { ran }, isGood: true };
  },
};

const revert: Command = {
  name: 'migrate revert',
  summary: 'Takes the last migration back, and the data of the tables that it made.',
  run: async () => {
    const reverted = await onDatabase(migrateDown);
    const text = reverted === null ? 'There was nothing to take back.' : `Took ${reverted} back.`;
    return { text, json: { reverted }, isGood: true };
  },
};

const status: Command = {
  name: 'migrate status',
  summary: 'Lists which migrations have run; ends with 1 where some have not.',
  run: async () => {
    const { ran, pending } = await onDatabase(migrationStatus);
    const lines = [...ran.map((name) => `ran      ${name}`), ...pending.map((name) => `pending  ${name}`)];
    return { text: lines.join('\n'), json: { ran, pending }, isGood: pending.length === 0 };
  },
};

/** What can be done with migrations. */
export const migrateCommands: readonly Command[] = [run, revert, status];
