import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from '../src/platform/database/schema-of.js';

/** What accounts in trouble need of every part: a version of the password, a language, and mail that waits to be sent. */
export class PrepareRecovery1764100000000 implements MigrationInterface {
  name = 'PrepareRecovery1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    await runner.query(`
      ALTER TABLE ${schema}.users
        ADD COLUMN password_version integer NOT NULL DEFAULT 1,
        ADD COLUMN language text`);
    await runner.query(`
      CREATE TABLE ${schema}.mail_outbox (
        id uuid CONSTRAINT mail_outbox_pkey PRIMARY KEY,
        kind text NOT NULL,
        address text NOT NULL,
        user_id uuid,
        language text,
        details jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        send_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        done_at timestamptz,
        result text
      )`);
    await runner.query(
      `CREATE INDEX mail_outbox_send_at_index ON ${schema}.mail_outbox (send_at) WHERE done_at IS NULL`,
    );
    await runner.query(`CREATE INDEX mail_outbox_address_index ON ${schema}.mail_outbox (address, kind)`);
    await runner.query(
      `CREATE INDEX mail_outbox_done_at_index ON ${schema}.mail_outbox (done_at) WHERE done_at IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    await runner.query(`DROP TABLE ${schema}.mail_outbox`);
    await runner.query(`ALTER TABLE ${schema}.users DROP COLUMN language, DROP COLUMN password_version`);
  }
}
