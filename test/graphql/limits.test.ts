import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { Field, ObjectType, Query, Resolver } from 'type-graphql';
import { Public } from '../../src/graphql/public.js';
import { exampleOperations } from '../../src/http/example-operations.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let resolved = 0;

@ObjectType('Shelf')
class Shelf {
  @Field(() => String)
  name!: string;

  @Field(() => [Shelf])
  shelves!: Shelf[];
}

/** A schema that an embedding application might have: recursive, and with lists. */
@Resolver()
class ShelfResolver {
  @Public()
  @Query(() => Shelf)
  shelf(): Shelf {
    resolved += 1;
    const deepest: Shelf = { name: 'deepest', shelves: [] };
    return { name: 'outer', shelves: [deepest, deepest] };
  }

  @Public()
  @Query(() => String)
  fails(): string {
    throw new Error('always');
  }
}

let gate: TestGateway;
let production: Awaited<ReturnType<TestGateway['startSibling']>>;
beforeAll(async () => {
  gate = await startTestGateway({}, { resolvers: [ShelfResolver] });
  production = await gate.startSibling({
    config: { ...gate.parts.config, isProduction: true, hasIntrospection: false, allowedOrigins: [] },
  });
});
afterAll(async () => {
  await production.gateway.close();
  await gate.close();
});

const nested = (levels: number): string => (levels === 1 ? '{ name }' : `{ shelves ${nested(levels - 1)} }`);

async function refusals(query: string, variables: Record<string, unknown> = {}): Promise<string[]> {
  const before = resolved;
  const { status, data, errors } = await gate.send(query, variables);
  expect(status).toBe(400);
  expect(data ?? null).toBeNull();
  expect(resolved).toBe(before);
  return (errors ?? []).map(({ message }) => message);
}

describe('limits of one operation', () => {
  it('G2: refuses 101 aliases of __typename', async () => {
    const aliases = Array.from({ length: 101 }, (_, index) => `a${index}: __typename`).join(' ');
    expect(await refusals(`{ ${aliases} }`)).toContain('The operation has too many aliases: 101, at most 20.');
  });

  it('G3: refuses 500 to 3000 repeated fields', async () => {
    for (const count of [500, 3000]) {
      expect(await refusals(`{ ${'__typename '.repeat(count)} }`)).not.toEqual([]);
    }
  });

  it('G4: takes the deepest that is allowed and refuses one level more, through fragments too', async () => {
    const cheap = await startTestGateway(
      { GRAPHQL_COST_MAX: '1000000', GRAPHQL_DEPTH_MAX: '4' },
      { resolvers: [ShelfResolver] },
    );
    try {
      expect((await cheap.send(`{ shelf ${nested(3)} }`)).errors).toBeUndefined();
      expect((await cheap.send(`{ shelf ${nested(4)} }`)).errors?.[0]?.message).toMatch(/too deep: 5, at most 4/);
      const byFragments = `query { shelf { ...__schema } } fragment __schema on Shelf { shelves { ...B } }
        fragment B on Shelf { shelves { ... on Shelf { shelves { name } } } }`;
      expect((await cheap.send(byFragments)).errors?.[0]?.message).toMatch(/too deep: 5, at most 4/);
    } finally {
      await cheap.close();
    }
  });

  it('G5: refuses what costs too much before any resolver runs, lists counted ten times', async () => {
    expect(await refusals('{ shelf { shelves { shelves { shelves { name } } } } }')).toContain(
      'The operation costs too much: 1112, at most 500.',
    );
  });

  it('G6: refuses fan-out through thirty levels of fragments, and others are served meanwhile', async () => {
    for (const levels of [9, 24, 30]) {
      const fragments = Array.from(
        { length: levels },
        (_, level) => `fragment F${level} on Shelf { ...F${level + 1} ...F${level + 1} }`,
      );
      const fanOut = `{ shelf { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Shelf { name }`;
      const [messages, other] = await Promise.all([refusals(fanOut), gate.send('{ __typename }')]);
      expect(messages[0]).toMatch(/costs too much/);
      expect(other.data).toEqual({ __typename: 'Query' });
    }
  });

  it('G8: refuses circular fragments and those that spread themselves', async () => {
    expect(await refusals('{ shelf { ...A } } fragment A on Shelf { ...A }')).not.toEqual([]);
    expect(await refusals('{ shelf { ...A } } fragment A on Shelf { ...B } fragment B on Shelf { ...A }')).not.toEqual(
      [],
    );
  });

  it('refuses too many root fields, directives and words', async () => {
    expect(await refusals(`{ ${Array.from({ length: 21 }, () => 'me { id }').join(' ')} }`)).toContain(
      'The operation has too many root fields: 21, at most 20.',
    );
    const directives = Array.from({ length: 21 }, () => '__typename @include(if: true)').join(' ');
    expect(await refusals(`{ ${directives} }`)).toContain('The operation has too many directives: 21, at most 20.');
    expect((await refusals(`{ ${'__typename '.repeat(1000)} }`))[0]).toMatch(
      /^Syntax Error: Document contains more that 500 tokens/,
    );
  });

  it('is not fooled by names: an operation or a fragment called __schema counts like any other', async () => {
    const aliases = Array.from({ length: 30 }, (_, index) => `a${index}: __typename`).join(' ');
    expect(await refusals(`query __schema { ${aliases} }`)).not.toEqual([]);
    expect(
      await refusals(`query IntrospectionQuery { ...__schema } fragment __schema on Query { ${aliases} }`),
    ).not.toEqual([]);
  });

  it('counts each operation of a document by itself, and all of them', async () => {
    const aliases = Array.from({ length: 15 }, (_, index) => `a${index}: __typename`).join(' ');
    const answer = await gate.send(`query A { ${aliases} }`);
    expect(answer.errors).toBeUndefined();
    const excess = Array.from({ length: 30 }, (_, index) => `a${index}: __typename`).join(' ');
    expect(await refusals(`query A { __typename } query B { ${excess} }`)).not.toEqual([]);
  });

  it('takes the standard introspection query and all examples', async () => {
    const everything = getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
    });
    expect((await gate.send(everything)).errors).toBeUndefined();
    const named = (await gate.send(`${exampleOperations}`)).errors?.[0]?.message;
    expect(named).toMatch(/operationName|operation name/i);
  });

  it('refuses introspection that goes round in circles', async () => {
    const ofTypes = `${'{ ofType '.repeat(40)}{ name }${' }'.repeat(40)}`;
    expect(await refusals(`{ __type(name: "User") ${ofTypes} }`)).not.toEqual([]);
    const lists =
      '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }';
    expect(await refusals(lists)).not.toEqual([]);
  });

  it('G15: answers 4000 bad list entries with few errors that quote none of them', async () => {
    const secret = 'a-secret-entry';
    const query = 'mutation M($input: LoginInput!) { login(input: $input) { __typename } }';
    const answer = await gate.send(query, { input: Array.from({ length: 4000 }, () => secret) });
    expect(answer.status).toBe(400);
    expect(answer.errors).toHaveLength(1);
    expect(answer.text).not.toContain(secret);
    const fewer = await gate.send(query, {
      input: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x${index}`, secret])),
    });
    expect(fewer.errors?.length).toBeLessThanOrEqual(20);
    expect(fewer.text).not.toContain(secret);
  });

  it('G14: takes numbers out of range and huge ids as bad input, never as a fault of its own', async () => {
    const ada = await gate.registerSomebody();
    const query = 'mutation E($id: ID!) { endSession(id: $id) }';
    for (const id of ['2147483648', '-2147483649', '1e400', 'x'.repeat(50_000)]) {
      expect((await gate.send(query, { id }, ada)).data).toEqual({ endSession: false });
    }
    for (const id of [1.5, true, {}, [[]]]) {
      expect((await gate.send(query, { id }, ada)).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
    for (const literal of ['2147483648', '-2147483649', '1e400']) {
      const answer = await gate.send(`mutation { endSession(id: ${literal}) }`, {}, ada);
      expect(answer.errors?.[0]?.extensions.code ?? 'none').toMatch(/none|GRAPHQL_VALIDATION_FAILED/);
    }
  });

  it('caps the errors of one answer', async () => {
    const typos = Array.from({ length: 60 }, (_, index) => `typo${index}`).join(' ');
    const answer = await gate.send(`{ ${typos} }`);
    expect(answer.errors?.length).toBeLessThanOrEqual(20);
  });

  it('G11: production tells nothing of the schema: no introspection, no suggestion', async () => {
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "User") { name } }', '{ mee { id } }']) {
      const answer = await production.send(query);
      expect(answer.status).toBe(400);
      expect(answer.text).not.toMatch(/did you mean/i);
    }
  });
});
