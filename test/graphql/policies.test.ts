import 'reflect-metadata';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createGatewaySchema } from '../../src/gateway-schema.js';
import type { Person } from '../support/graphql-client.js';
import { countStatements } from '../support/statement-count.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { AdministrationResolver, DocumentsResolver, ran } from './policies.resolver.js';

const resolvers = [DocumentsResolver, AdministrationResolver];
const FORBIDDEN = { code: 'FORBIDDEN' };

let gate: TestGateway;
beforeAll(async () => {
  const roleScopes = { EDITOR: ['letters:read'], ADMIN: ['letters:read', 'letters:sign'] };
  gate = await startTestGateway({ ROLE_SCOPES: JSON.stringify(roleScopes) }, { resolvers });
});
afterAll(() => gate.close());
beforeEach(() => void ran.splice(0));

async function somebodyWith(...roles: string[]): Promise<Person> {
  const person = await gate.registerSomebody();
  await gate.database.query('UPDATE gatehouse.users SET roles = $2 WHERE id = $1', [person.user.id, roles]);
  return { ...person, ...(await gate.login(person)) };
}

/** What comes back, and where it was refused. */
async function ask(query: string, person?: Person) {
  const { data, errors = [] } = await gate.send(query, {}, person ?? {});
  return { data, refused: errors.map(({ path, extensions }) => [path?.join('.'), extensions]) };
}

const refusalsOf = ({ user }: Person) =>
  gate.database.query(
    `SELECT cause FROM gatehouse.audit_events WHERE user_id = $1 AND kind = 'AUTHORIZATION_REFUSED' ORDER BY id`,
    [user.id],
  );

describe('a policy on a field', () => {
  it('holds in an object, a list, through an alias, a fragment and an inline fragment', async () => {
    const anna = await somebodyWith();
    const queries: [string, string[]][] = [
      ['{ letter { id draft } }', ['letter.draft']],
      ['{ letters { draft } }', ['letters.0.draft', 'letters.1.draft', 'letters.2.draft']],
      ['{ letter { id: draft other: draft } }', ['letter.id', 'letter.other']],
      ['{ letter { ...f } } fragment f on Letter { ...g } fragment g on Letter { draft }', ['letter.draft']],
      ['{ letter { ... on Document { draft } } }', ['letter.draft']],
      ['{ documents { draft } }', ['documents.0.draft', 'documents.1.draft']],
      ['{ unions { ... on Document { draft } } }', ['unions.0.draft', 'unions.1.draft']],
      ['{ letter { signature } }', ['letter.signature']],
    ];
    for (const [query, places] of queries) {
      const { data, refused } = await ask(query, anna);
      expect([query, refused]).toEqual([query, places.map((place) => [place, FORBIDDEN])]);
      expect(JSON.stringify(data)).not.toMatch(/"[ds]"/);
    }
    const editor = await somebodyWith('EDITOR');
    expect((await ask('{ letters { draft } }', editor)).data).toEqual({ letters: Array(3).fill({ draft: 'd' }) });
  });

  it('holds where a public field leads to it', async () => {
    const { data, refused } = await ask('{ openLetter { text secret draft } }');
    expect(data).toEqual({ openLetter: { text: 't', secret: null, draft: null } });
    const noToken = { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' };
    expect(refused.sort()).toEqual([
      ['openLetter.draft', noToken],
      ['openLetter.secret', noToken],
    ]);
    expect(ran).toEqual([]);
    expect((await ask('{ openLetter { secret } }', await somebodyWith())).data.openLetter.secret).toBe('open');
  });

  it('needs all of its scopes, which come with the roles', async () => {
    const [editor, admin] = [await somebodyWith('EDITOR'), await somebodyWith('ADMIN', 'EDITOR')];
    expect((await ask('{ letter { signature } }', editor)).refused).toEqual([['letter.signature', FORBIDDEN]]);
    expect((await ask('{ letter { signature } publicForScopes }', admin)).data).toEqual({
      letter: { signature: 's' },
      publicForScopes: 'open',
    });
    expect(await refusalsOf(editor)).toEqual([{ cause: 'SCOPE_MISSING' }]);
  });

  it('counts although the field is marked public, too', async () => {
    expect((await ask('{ publicForScopes }')).refused).toEqual([
      ['publicForScopes', { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }],
    ]);
    expect((await ask('{ publicForScopes }', await somebodyWith())).refused).toEqual([['publicForScopes', FORBIDDEN]]);
  });

  it('P5: leaves one event in the audit trail for a request, however long the list', async () => {
    const anna = await somebodyWith();
    await ask('{ letters { draft other: draft } documents { draft } }', anna);
    expect(await refusalsOf(anna)).toEqual([{ cause: 'ROLE_MISSING' }]);
    await ask('{ letters { draft signature } }', anna);
    expect(await refusalsOf(anna)).toHaveLength(3);
  });
});

describe('a policy on a type', () => {
  it('holds for each of its fields, by interface and union, and not for the others', async () => {
    const editor = await somebodyWith('EDITOR');
    expect((await ask('{ documents { a: __typename b: id } }', editor)).refused).toEqual([
      ['documents.1.b', FORBIDDEN],
    ]);
    const { data, refused } = await ask(
      '{ unions { __typename ... on Verdict { text } ... on Letter { text } } }',
      editor,
    );
    expect(data.unions).toEqual([
      { __typename: 'Letter', text: 't' },
      { __typename: 'Verdict', text: null },
    ]);
    expect(refused).toEqual([['unions.1.text', FORBIDDEN]]);
  });

  it("does not loosen the interface's own", async () => {
    const admin = await somebodyWith('ADMIN');
    const { data, refused } = await ask('{ documents { id draft } }', admin);
    expect(data.documents).toEqual([
      { id: '1', draft: null },
      { id: '2', draft: null },
    ]);
    expect(refused).toHaveLength(2);
    const both = await somebodyWith('ADMIN', 'EDITOR');
    expect((await ask('{ documents { id draft } }', both)).data.documents[1]).toEqual({ id: '2', draft: 'd' });
  });
});

describe('a policy on a resolver class', () => {
  it('holds for each of its methods', async () => {
    for (const field of ['administrate', 'publicAdministration']) {
      expect((await ask(`{ ${field} }`, await somebodyWith('EDITOR'))).refused).toEqual([[field, FORBIDDEN]]);
      expect((await ask(`{ ${field} }`)).refused[0]?.[1]).toEqual({ code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' });
      ran.splice(0);
      expect((await ask(`{ ${field} }`, await somebodyWith('ADMIN'))).data).toEqual({ [field]: 'open' });
    }
  });
});

describe('a recent sign-in', () => {
  it('is asked for at the very second, and told apart from what a password would not cure', async () => {
    const anna = await somebodyWith('ADMIN');
    gate.clock.advance(60);
    expect((await ask('{ recent twice }', anna)).data).toEqual({ recent: 'open', twice: 'open' });
    gate.clock.advance(1);
    ran.splice(0);
    const stale = { code: 'FORBIDDEN', reason: 'STALE_AUTHENTICATION', maxAgeSeconds: 60 };
    expect((await ask('{ recent }', anna)).refused).toEqual([['recent', stale]]);
    expect((await ask('{ twice }', anna)).refused).toEqual([['twice', stale]]);
    expect(ran).toEqual([]);
    const editor = await somebodyWith('EDITOR');
    gate.clock.advance(61);
    expect((await ask('{ twice }', editor)).refused).toEqual([['twice', FORBIDDEN]]);
    expect((await ask('{ recent }', editor)).refused).toEqual([['recent', stale]]);
    expect(await refusalsOf(editor)).toEqual([{ cause: 'ROLE_MISSING' }]);
  });

  it('is not made recent by a refresh', async () => {
    const anna = await somebodyWith();
    gate.clock.advance(61);
    const { tokens } = await gate.refresh(anna.refreshToken);
    const { errors } = await gate.send('{ recent }', {}, { accessToken: tokens?.accessToken ?? '' });
    expect(errors?.[0]?.extensions.reason).toBe('STALE_AUTHENTICATION');
  });
});

describe('what a resolver may ask', () => {
  it('is everything that the token says, and nothing of a caller who is not signed in', async () => {
    const anna = await somebodyWith('EDITOR');
    const known = async (person?: Person) => JSON.parse((await ask('{ whatIsKnown }', person)).data.whatIsKnown);
    expect(await known(anna)).toEqual({
      state: 'authenticated',
      userId: anna.user.id,
      sessionId: anna.session.id,
      roles: ['EDITOR'],
      scopes: ['letters:read'],
      authTime: gate.clock.now().toISOString(),
      amr: ['pwd'],
      isEditor: true,
    });
    const nothing = { userId: null, sessionId: null, roles: [], scopes: [], authTime: null, amr: [], isEditor: false };
    expect(await known()).toEqual({ state: 'anonymous', ...nothing });
    expect(await known({ ...anna, accessToken: 'nonsense' })).toEqual({ state: 'rejected', ...nothing });
  });

  it('is the caller, by a decorator that refuses strangers', async () => {
    const anna = await somebodyWith();
    expect((await ask('{ whoCalls }', anna)).data).toEqual({ whoCalls: anna.user.id });
    expect((await ask('{ whoCalls }')).refused).toEqual([
      ['whoCalls', { code: 'UNAUTHENTICATED', reason: 'NO_TOKEN' }],
    ]);
  });

  it('is the profile of any user, all by one statement', async () => {
    const anna = await somebodyWith();
    const statements = await countStatements(gate.database);
    const { data } = await ask('{ profiles }', anna);
    expect(statements.count()).toBe(1);
    statements.stop();
    expect(data).toEqual({ profiles: `${anna.email} nobody ${anna.email}` });
  });
});

describe('the schema definition language', () => {
  const printed = () => printSchemaWithDirectives(createGatewaySchema({ resolvers, clock: gate.clock }).schema);

  it('shows every policy as directives', () => {
    const lines = printed()
      .split('\n')
      .map((line) => line.trim());
    for (const line of [
      'letters: [Letter!]! @authenticated',
      'signature: String @authenticated @requiresScopes(scopes: [["letters:read", "letters:sign"]])',
      'recent: String @authenticated @auth(maxAgeSeconds: 60)',
      'twice: String @authenticated @auth(roles: ["EDITOR", "ADMIN"], maxAgeSeconds: 60) @auth(roles: ["ADMIN", "CLERK"], maxAgeSeconds: 600)',
      'administrate: String @authenticated @auth(roles: ["ADMIN"])',
      'type Verdict implements Document @authenticated @auth(roles: ["ADMIN"]) {',
      'secret: String @authenticated',
      'openLetter: Letter!',
    ]) {
      expect(lines).toContain(line);
    }
    const drafts = lines.filter((line) => line.startsWith('draft:'));
    const ofEditors = 'draft: String @authenticated @auth(roles: ["EDITOR"])';
    expect(drafts.sort()).toEqual([
      'draft: String @authenticated @auth(roles: ["ADMIN"]) @auth(roles: ["EDITOR"])',
      ofEditors,
      ofEditors,
    ]);
  });
});
