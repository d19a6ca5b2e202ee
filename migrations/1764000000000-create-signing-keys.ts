import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from '../src/platform/database/schema-of.js';

/** The keys that sign access tokens, their private parts encrypted. */
export class CreateSigningKeys1764000000000 implements MigrationInterface {
  name = 'CreateSigningKeys1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ${schemaOf(runner)}.signing_keys (
        kid text CONSTRAINT signing_keys_pkey PRIMARY KEY,
        public_jwk jsonb NOT NULL,
        sealed_private_key text,
        sealed_under text,
        created_at timestamptz NOT NULL,
        activates_at timestamptz NOT NULL,
        signs_until timestamptz,
        verifies_until timestamptz,
        revoked_at timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${schemaOf(runner)}.signing_keys`);
  }
}
