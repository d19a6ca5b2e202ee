// Writes src/operations.ts: the operations of src/operations.graphql, typed as the gateway's schema answers them. An
// operation that the schema does not know stops it; a type that has changed stops the type check after it.
import { readFileSync, writeFileSync } from 'node:fs';
import { codegen } from '@graphql-codegen/core';
import * as documentNodes from '@graphql-codegen/typed-document-node';
import * as operationTypes from '@graphql-codegen/typescript-operations';
import { buildSchema, parse } from 'graphql';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const sdl = read('../../schema/schema.graphql');
const filename = 'src/operations.ts';

const text = await codegen({
  filename,
  schema: parse(sdl),
  schemaAst: buildSchema(sdl),
  documents: [{ location: 'src/operations.graphql', document: parse(read('src/operations.graphql')) }],
  plugins: [{ types: {} }, { nodes: {} }],
  pluginMap: { types: operationTypes, nodes: documentNodes },
  config: {
    scalars: { DateTimeISO: 'string', ID: 'string' },
    skipTypename: true,
    immutableTypes: true,
    avoidOptionals: { field: true },
    documentVariableSuffix: '',
    documentNodeImport: '@apollo/client#TypedDocumentNode',
    optimizeDocumentNode: true,
    useTypeImports: true,
  },
});

const notice = [
  '// Generated from schema/schema.graphql and operations.graphql by generate.mjs: not edited by hand.',
  '// biome-ignore-all format: generated',
  '// biome-ignore-all lint: generated',
  '// biome-ignore-all assist: generated',
];
writeFileSync(new URL(filename, import.meta.url), `${notice.join('\n')}\n\n${text.trim()}\n`);
