// Writes src/generated.ts: the types of the operations as the gateway's schema answers them, and their texts.
import { readFileSync, writeFileSync } from 'node:fs';
import { codegen } from '@graphql-codegen/core';
import * as operationTypes from '@graphql-codegen/typescript-operations';
import { buildSchema, parse, print, separateOperations, stripIgnoredCharacters } from 'graphql';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const schema = parse(read('../../schema/schema.graphql'));
const document = parse(read('src/operations.graphql'));
const filename = 'src/generated.ts';

const types = await codegen({
  filename,
  schema,
  schemaAst: buildSchema(read('../../schema/schema.graphql')),
  documents: [{ location: 'src/operations.graphql', document }],
  plugins: [{ operations: {} }],
  pluginMap: { operations: operationTypes },
  config: {
    scalars: { DateTimeISO: 'string', ID: 'string' },
    enumType: 'string-literal',
    enumsAsTypes: true,
    skipTypename: true,
    immutableTypes: true,
    avoidOptionals: { field: true },
  },
});

const texts = Object.entries(separateOperations(document)).map(
  ([name, operation]) => `export const ${name} = '${stripIgnoredCharacters(print(operation))}';`,
);
const notice = [
  '// Generated from schema/schema.graphql and operations.graphql by generate.mjs: not edited by hand.',
  '// biome-ignore-all format: generated',
  '// biome-ignore-all lint: generated',
  '// biome-ignore-all assist: generated',
];
writeFileSync(new URL(filename, import.meta.url), `${notice.join('\n')}\n\n${types.trim()}\n\n${texts.join('\n')}\n`);
