import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from '../src/platform/database/schema-of.js';

/** The first tables: users, their addresses, sessions, the feed of changes, the audit trail. */
export class CreateIdentityAndSessions1763900000000 implements MigrationInterface {
  name = 'CreateIdentityAndSessions1763900000000';

  async up(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    await runner.query(`
      CREATE TABLE ${schema}.users (
        id uuid CONSTRAINT users_pkey PRIMARY KEY,
        roles text[] NOT NULL,
        password_hash text,
        auth_epoch integer NOT NULL,
        disabled_at timestamptz,
        created_at timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE ${schema}.user_emails (
        email text CONSTRAINT user_emails_pkey PRIMARY KEY,
        user_id uuid NOT NULL,
        verified boolean NOT NULL,
        created_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX user_emails_user_id_index ON ${schema}.user_emails (user_id)`);
    await runner.query(`
      CREATE TABLE ${schema}.refresh_sessions (
        user_id uuid NOT NULL,
        id uuid NOT NULL,
        salt bytea NOT NULL,
        generation integer NOT NULL,
        confirmed_generation integer NOT NULL,
        late_answered_generation integer NOT NULL,
        late_answers_in_row integer NOT NULL,
        token_delivery text NOT NULL,
        amr text[] NOT NULL,
        created_at timestamptz NOT NULL,
        authenticated_at timestamptz NOT NULL,
        rotated_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        absolute_expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        end_cause text,
        user_agent text,
        ip_address text,
        CONSTRAINT refresh_sessions_pkey PRIMARY KEY (user_id, id),
        CONSTRAINT refresh_sessions_user_id_fkey
          FOREIGN KEY (user_id) REFERENCES ${schema}.users (id) ON DELETE CASCADE
      ) WITH (fillfactor = 85)`);
    await runner.query(
      `CREATE INDEX refresh_sessions_absolute_expires_at_index ON ${schema}.refresh_sessions (absolute_expires_at)`,
    );
    await runner.query(`
      CREATE TABLE ${schema}.auth_changes (
        id uuid CONSTRAINT auth_changes_pkey PRIMARY KEY,
        user_id uuid NOT NULL,
        session_id uuid,
        auth_epoch integer,
        at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX auth_changes_at_index ON ${schema}.auth_changes (at)`);
    await runner.query(`
      CREATE TABLE ${schema}.audit_events (
        user_id uuid NOT NULL,
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        cause text,
        request_id text,
        session_id uuid,
        ip_address text,
        user_agent text,
        CONSTRAINT audit_events_pkey PRIMARY KEY (user_id, id)
      )`);
    await runner.query(`CREATE INDEX audit_events_at_index ON ${schema}.audit_events (at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const schema = schemaOf(runner);
    for (const table of ['audit_events', 'auth_changes', 'refresh_sessions', 'user_emails', 'users']) {
      await runner.query(`DROP TABLE ${schema}.${table}`);
    }
  }
}
