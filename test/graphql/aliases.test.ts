import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GraphQLSchema, isNonNullType, parse, validate } from 'graphql';
import { createGateway, type Gateway, readConfig } from '../../src/index.js';
import { generousLimits } from '../support/generous-limits.js';
import { makeTestFolder, type TestFolder } from '../support/main-run.js';
import { createDatabaseOfOwn, type TestDatabase } from '../support/test-database.js';

/**
 * How often each mutation may stand in one operation: a credential once, all others as often as they like. Those check
 * nothing that could be guessed, and answer the same whether or not there was something to do.
 */
const NOTHING_TO_GUESS = ['logout', 'logoutEverywhere', 'endSession', 'endOtherSessions', 'deleteAccount'];
const ALIASES = 5;

let database: TestDatabase;
let folder: TestFolder;
let gateway: Gateway;
beforeAll(async () => {
  [database, folder] = [await createDatabaseOfOwn(), await makeTestFolder()];
  gateway = createGateway({
    config: readConfig({
      DATABASE_URL: database.url,
      GATEHOUSE_DATA_DIR: `${folder.path}/data`,
      HASH_WORKERS: '1',
      BCRYPT_COST: '10',
      LOG_LEVEL: 'silent',
      ...generousLimits,
    }),
  });
  await gateway.open();
});
afterAll(async () => {
  await gateway.stop();
  await database.drop();
  await folder.remove();
});

const mutations = (schema: GraphQLSchema) => Object.values(schema.getMutationType()?.getFields() ?? {});

/** The mutation with a value for each argument that it needs, under many aliases. */
function aliased(name: string, count: number): string {
  const field = mutations(gateway.schema).find((each) => each.name === name);
  const literalOf = (type: string): string => {
    const inner = gateway.schema.getType(type);
    if (inner === undefined || !('getFields' in inner)) return '"x@example.org"';
    const fields = Object.values(inner.getFields()).filter(
      (each) => isNonNullType(each.type) && !('defaultValue' in each && each.defaultValue !== undefined),
    );
    return `{ ${fields.map((each) => `${each.name}: ${literalOf(String(each.type).replace(/[![\]]/g, ''))}`).join(' ')} }`;
  };
  const needed = (field?.args ?? []).filter(
    ({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined,
  );
  const list = needed.map((each) => `${each.name}: ${literalOf(String(each.type).replace(/[![\]]/g, ''))}`).join(', ');
  const call = `${name}${list === '' ? '' : `(${list})`}`;
  const isLeaf = /^(Boolean|Int|String|ID)!?$/.test(String(field?.type));
  const selection = isLeaf ? '' : ' { __typename }';
  return `mutation { ${Array.from({ length: count }, (_, index) => `a${index}: ${call}${selection}`).join(' ')} }`;
}

describe('B1: the mutations of the schema, each under many aliases', () => {
  it('are refused where they check or make a credential, and else have nothing to guess', async () => {
    const names = mutations(gateway.schema).map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(8);
    for (const name of names) {
      const query = aliased(name, ALIASES);
      expect([name, validate(gateway.schema, parse(query))]).toEqual([name, []]);
      const { data, errors } = await gateway.executeOperation({ query });
      if (NOTHING_TO_GUESS.includes(name)) {
        expect([name, errors?.map(({ extensions }) => extensions['code']) ?? []]).not.toContain(
          'GRAPHQL_VALIDATION_FAILED',
        );
        continue;
      }
      expect([name, data]).toEqual([name, undefined]);
      expect([name, errors?.[0]?.message]).toEqual([name, expect.stringMatching(/^An operation may hold one of /)]);
      const one = await gateway.executeOperation({ query: aliased(name, 1) });
      expect([name, one.errors?.[0]?.message ?? '']).not.toEqual([name, expect.stringMatching(/may hold one of/)]);
    }
  });
});
