import {
  Ctx,
  createUnionType,
  Field,
  FieldResolver,
  ID,
  InterfaceType,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql';
import type { Identity } from '../../src/graphql/auth-state.js';
import type { GatewayContext } from '../../src/graphql/context.js';
import { Authorized } from '../../src/graphql/policy/authorized.js';
import { CurrentUser } from '../../src/graphql/policy/current-user.js';
import { Public } from '../../src/graphql/public.js';

/** How often a guarded resolver ran. */
export const ran: string[] = [];

@InterfaceType('Document', { resolveType: (value: { __typename: string }) => value.__typename })
export abstract class DocumentType {
  @Field(() => ID)
  id!: string;

  @Authorized({ roles: ['EDITOR'] })
  @Field(() => String, { nullable: true })
  draft!: string | null;
}

@ObjectType('Letter', { implements: DocumentType })
export class LetterType extends DocumentType {
  readonly __typename = 'Letter';

  @Field(() => String, { nullable: true })
  text!: string | null;

  @Authorized({ scopes: ['letters:read', 'letters:sign'] })
  @Field(() => String, { nullable: true })
  signature!: string | null;
}

@Authorized({ roles: ['ADMIN'] })
@ObjectType('Verdict', { implements: DocumentType })
class VerdictType extends DocumentType {
  readonly __typename = 'Verdict';

  @Field(() => String, { nullable: true })
  text!: string | null;
}

const AnyDocument = createUnionType({
  name: 'AnyDocument',
  types: () => [LetterType, VerdictType] as const,
  resolveType: (value) => value.__typename,
});

const letter = () => Object.assign(new LetterType(), { id: '1', draft: 'd', text: 't', signature: 's' });
const verdict = () => Object.assign(new VerdictType(), { id: '2', draft: 'd', text: 't' });

/** Types with policies, reached in every way that GraphQL knows. */
@Resolver(() => LetterType)
export class DocumentsResolver {
  @Query(() => LetterType)
  letter(): LetterType {
    return letter();
  }

  @Query(() => [LetterType])
  letters(): LetterType[] {
    return [letter(), letter(), letter()];
  }

  @Query(() => [DocumentType])
  documents(): DocumentType[] {
    return [letter(), verdict()];
  }

  @Query(() => [AnyDocument])
  unions(): (typeof AnyDocument)[] {
    return [letter(), verdict()];
  }

  @Public()
  @Query(() => LetterType)
  openLetter(): LetterType {
    return letter();
  }

  @Authorized()
  @FieldResolver(() => String, { nullable: true })
  secret(): string {
    ran.push('secret');
    return 'open';
  }

  @Authorized({ maxAgeSeconds: 60 })
  @Query(() => String, { nullable: true })
  recent(): string {
    ran.push('recent');
    return 'open';
  }

  /** Of two policies, both hold. */
  @Authorized({ maxAgeSeconds: 60, roles: ['EDITOR', 'ADMIN'] })
  @Authorized({ maxAgeSeconds: 600, roles: ['ADMIN', 'CLERK'] })
  @Query(() => String, { nullable: true })
  twice(): string {
    return 'open';
  }

  /** The policy counts. */
  @Public()
  @Authorized({ scopes: ['letters:read'] })
  @Query(() => String, { nullable: true })
  publicForScopes(): string {
    return 'open';
  }

  @Public()
  @Query(() => String, { nullable: true })
  whoCalls(@CurrentUser() caller: Identity): string {
    return caller.userId;
  }

  @Public()
  @Query(() => String)
  whatIsKnown(@Ctx() { auth }: GatewayContext): string {
    const { state, userId, sessionId, roles, scopes, authTime, amr } = auth;
    return JSON.stringify({ state, userId, sessionId, roles, scopes, authTime, amr, isEditor: auth.hasRole('EDITOR') });
  }

  @Query(() => String)
  async profiles(@Ctx() { auth }: GatewayContext): Promise<string> {
    const nobody = '01890000-0000-7000-8000-000000000000';
    const users = await Promise.all([auth.loadUser(), auth.loadUser(nobody), auth.loadUser(auth.userId)]);
    return users.map((user) => user?.email ?? 'nobody').join(' ');
  }
}

/** Each method of it needs the role. */
@Authorized({ roles: ['ADMIN'] })
@Resolver()
export class AdministrationResolver {
  @Query(() => String, { nullable: true })
  administrate(): string {
    ran.push('administrate');
    return 'open';
  }

  @Public()
  @Query(() => String, { nullable: true })
  publicAdministration(): string {
    return 'open';
  }
}
