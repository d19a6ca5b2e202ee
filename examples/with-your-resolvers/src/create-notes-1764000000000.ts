import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The application's own table. The gateway's tables are there by then: it lets the application's DataSource begin after. */
export class CreateNotes1764000000000 implements MigrationInterface {
  name = 'CreateNotes1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE notes (
        id uuid CONSTRAINT notes_pkey PRIMARY KEY,
        owner_id uuid NOT NULL CONSTRAINT notes_owner_id_fkey REFERENCES gatehouse.users (id) ON DELETE CASCADE,
        text text NOT NULL,
        written_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX notes_owner_id_index ON notes (owner_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notes');
  }
}
