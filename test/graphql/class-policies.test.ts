import 'reflect-metadata';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGatewaySchema } from '../../src/gateway-schema.js';
import type { Person } from '../support/graphql-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import {
  BillResolver,
  GuardedShelfResolver,
  HeirResolver,
  OldGuardedResolver,
  PaperResolver,
} from './class-policies.resolver.js';

const resolvers = [BillResolver, PaperResolver, GuardedShelfResolver, HeirResolver, OldGuardedResolver];

let gate: TestGateway;
let anna: Person;
let admin: Person;
let clerk: Person;
beforeAll(async () => {
  gate = await startTestGateway({}, { resolvers });
  [anna, admin, clerk] = await Promise.all([somebodyWith(), somebodyWith('ADMIN'), somebodyWith('ADMIN', 'CLERK')]);
});
afterAll(() => gate.close());

async function somebodyWith(...roles: string[]): Promise<Person> {
  const person = await gate.registerSomebody();
  await gate.database.query('UPDATE gatehouse.users SET roles = $2 WHERE id = $1', [person.user.id, roles]);
  return { ...person, ...(await gate.login(person)) };
}

/** How a query fares: its codes, one for each refusal, or none. */
async function codes(query: string, person: Person): Promise<unknown[]> {
  const { errors = [] } = await gate.send(query, {}, person);
  return errors.map(({ extensions }) => extensions.code);
}

describe('a policy on a resolver class', () => {
  it.each(['inherited', 'inheritedToo', 'bill { place }', 'ofBase', 'ofHeir'])(
    'holds for what it inherits and for its heirs: %s',
    async (field) => {
      expect(await codes(`{ ${field} }`, anna)).toEqual(['FORBIDDEN']);
      expect(await codes(`{ ${field} }`, admin)).toEqual([]);
    },
  );
});

describe('a policy on a method under another name', () => {
  it.each(['bill { total }', 'bill { discount }', 'takings'])('holds for the field: %s', async (field) => {
    expect(await codes(`{ ${field} }`, anna)).toEqual(['FORBIDDEN']);
    expect(await codes(`{ ${field} }`, admin)).toEqual([]);
  });
});

describe('a policy on a property that only a field resolver answers', () => {
  it('holds', async () => {
    expect(await codes('{ bill { margin } }', anna)).toEqual(['FORBIDDEN']);
    expect(await codes('{ bill { margin } }', admin)).toEqual([]);
  });
});

describe("a policy of an interface's field resolver", () => {
  it('holds on a type that says the field anew, by the interface and by the type', async () => {
    for (const query of ['{ bill { stamp } }', '{ paper { stamp } }', '{ bill { ... on Paper { stamp } } }']) {
      expect([query, await codes(query, anna)]).toEqual([query, ['FORBIDDEN']]);
      expect([query, await codes(query, admin)]).toEqual([query, []]);
    }
    for (const query of ['{ bill { note } }', '{ paper { note } }']) {
      expect([query, await codes(query, admin)]).toEqual([query, ['FORBIDDEN']]);
      expect([query, await codes(query, clerk)]).toEqual([query, []]);
    }
  });
});

describe("TypeGraphQL's own decorator", () => {
  it('holds for what a class inherits and under other names; on a method, it takes the place of that on its class', async () => {
    for (const query of ['{ inheritedFromOld }', '{ bill { rebate } }']) {
      expect([query, await codes(query, anna)]).toEqual([query, ['FORBIDDEN']]);
      expect([query, await codes(query, admin)]).toEqual([query, []]);
    }
    expect(await codes('{ forClerks }', admin)).toEqual(['FORBIDDEN']);
    expect(await codes('{ forClerks }', await somebodyWith('CLERK'))).toEqual([]);
  });
});

describe('a second schema of the process', () => {
  it("that shows a type without the guarded resolver of its field keeps that field's policy", () => {
    const { schema } = createGatewaySchema({ resolvers: [BillResolver], clock: gate.clock });
    const sdl = printSchemaWithDirectives(schema);
    expect(sdl).toMatch(/\bplace: String @authenticated @auth\(roles: \["ADMIN"\]\)/);
  });
});

describe('the schema', () => {
  it('shows such policies, and counts none of these fields among the public ones', () => {
    const { schema, publicFields } = createGatewaySchema({ resolvers, clock: gate.clock });
    const sdl = printSchemaWithDirectives(schema);
    for (const field of ['inherited', 'inheritedToo', 'place', 'ofHeir', 'total', 'margin', 'takings', 'stamp']) {
      expect(sdl).toMatch(new RegExp(`\\b${field}: String @authenticated @auth\\(roles: \\["ADMIN"\\]\\)`));
    }
    expect(publicFields.filter((name) => /Query\.(in|of|takings)/.test(name))).toEqual([]);
  });
});
