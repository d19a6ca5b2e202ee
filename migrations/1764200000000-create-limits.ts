import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from '../src/platform/database/schema-of.js';

/** Counters of tries, and in each session how often it was refreshed of late. */
export class CreateLimits1764200000000 implements MigrationInterface {
  name = 'CreateLimits1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    await runner.query(`
      CREATE TABLE ${schema}.limit_counters (
        hash bytea CONSTRAINT limit_counters_pkey PRIMARY KEY,
        points integer NOT NULL,
        expires_at timestamptz NOT NULL
      ) WITH (fillfactor = 70)`);
    await runner.query(`CREATE INDEX limit_counters_expires_at_index ON ${schema}.limit_counters (expires_at)`);
    await runner.query(`
      ALTER TABLE ${schema}.refresh_sessions
        ADD COLUMN refreshes_counted_from timestamptz,
        ADD COLUMN refreshes_counted integer NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    await runner.query(`
      ALTER TABLE ${schema}.refresh_sessions DROP COLUMN refreshes_counted, DROP COLUMN refreshes_counted_from`);
    await runner.query(`DROP TABLE ${schema}.limit_counters`);
  }
}
