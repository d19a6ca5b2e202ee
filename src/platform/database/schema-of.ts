import type { QueryRunner } from 'typeorm';

/** The quoted schema that a migration works in: that of its DataSource. */
export function schemaOf(runner: QueryRunner): string {
  const { options } = runner.dataSource;
  const schema = 'schema' in options ? options.schema : undefined;
  if (schema === undefined) throw new Error('the DataSource names no schema');
  return `"${schema}"`;
}
