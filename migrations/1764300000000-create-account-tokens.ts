import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from '../src/platform/database/schema-of.js';

/** Links that were mailed, registrations that wait for theirs, and addresses kept for whom they were taken from. */
export class CreateAccountTokens1764300000000 implements MigrationInterface {
  name = 'CreateAccountTokens1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    await runner.query(`
      CREATE TABLE ${schema}.account_tokens (
        token_hash bytea CONSTRAINT account_tokens_pkey PRIMARY KEY,
        user_id uuid NOT NULL,
        purpose text NOT NULL,
        address text NOT NULL,
        mail_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
      )`);
    await runner.query(`CREATE INDEX account_tokens_user_id_index ON ${schema}.account_tokens (user_id)`);
    await runner.query(`CREATE INDEX account_tokens_expires_at_index ON ${schema}.account_tokens (expires_at)`);
    await runner.query(`
      CREATE TABLE ${schema}.pending_registrations (
        user_id uuid CONSTRAINT pending_registrations_pkey PRIMARY KEY,
        email text NOT NULL,
        password_hash text NOT NULL,
        language text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX pending_registrations_email_index ON ${schema}.pending_registrations (email)`);
    await runner.query(
      `CREATE INDEX pending_registrations_expires_at_index ON ${schema}.pending_registrations (expires_at)`,
    );
    // A kept address stays a row of its table, so that no registration can slip in between.
    await runner.query(`
      ALTER TABLE ${schema}.user_emails
        ALTER COLUMN user_id DROP NOT NULL,
        ADD COLUMN reserved_for uuid,
        ADD COLUMN reserved_until timestamptz`);
    await runner.query(
      `CREATE INDEX user_emails_reserved_for_index ON ${schema}.user_emails (reserved_for) WHERE reserved_for IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    await runner.query(`DELETE FROM ${schema}.user_emails WHERE user_id IS NULL`);
    await runner.query(`DROP INDEX ${schema}.user_emails_reserved_for_index`);
    await runner.query(`
      ALTER TABLE ${schema}.user_emails
        DROP COLUMN reserved_until,
        DROP COLUMN reserved_for,
        ALTER COLUMN user_id SET NOT NULL`);
    await runner.query(`DROP TABLE ${schema}.pending_registrations`);
    await runner.query(`DROP TABLE ${schema}.account_tokens`);
  }
}
