import { GraphQLError } from 'graphql';
import { Arg, Authorized, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../src/graphql/context.js';
import { Public } from '../../src/graphql/public.js';

/** What the failing fields say, and no client may ever read. */
export const CANARY = 'canary-SELECT-password_hash-FROM-users';

/** Fields as an embedding application may add them, good ones and careless ones. */
@Resolver()
export class ProbeResolver {
  @Query(() => String)
  whoAmI(@Ctx() { auth }: GatewayContext): string {
    return auth.userId ?? 'nobody';
  }

  @Authorized('ADMIN', 'AUDITOR')
  @Query(() => String)
  secretOfAdmins(): string {
    return 'open';
  }

  @Authorized('ADMIN')
  @Mutation(() => Boolean)
  doAsAdmin(): boolean {
    return true;
  }

  /** A careless one: public, and for roles. The roles count. */
  @Public()
  @Authorized('ADMIN')
  @Query(() => String)
  publicForAdmins(): string {
    return 'open';
  }

  @Public()
  @Query(() => String, { nullable: true })
  fail(@Arg('how', () => String) how: string): string | null {
    throw failures[how]?.() ?? new Error('unknown');
  }

  @Public()
  @Query(() => String)
  nothing(): string {
    return null as unknown as string;
  }

  @Public()
  @Query(() => Int)
  sum(@Arg('numbers', () => [Int]) numbers: number[]): number {
    return numbers.reduce((total, number) => total + number, 0);
  }
}

/** Every careless way to fail. */
export const failures: Record<string, () => unknown> = {
  plain: () => new Error(CANARY),
  type: () => new TypeError(CANARY),
  database: () => Object.assign(new Error(CANARY), { code: '23505', detail: CANARY, table: CANARY, query: CANARY }),
  uncoded: () => new GraphQLError(CANARY),
  'uncoded, with facts': () => new GraphQLError(CANARY, { extensions: { detail: CANARY } }),
  'coded as no client knows': () => new GraphQLError(CANARY, { extensions: { code: 'TEAPOT', detail: CANARY } }),
  'coded as internal': () => new GraphQLError(CANARY, { extensions: { code: 'INTERNAL_SERVER_ERROR' } }),
  wrapped: () => new GraphQLError(CANARY, { originalError: new Error(CANARY) }),
  many: () => new AggregateError([new Error(CANARY)], CANARY),
  caused: () => new Error(CANARY, { cause: new Error(CANARY) }),
  text: () => CANARY,
  object: () => ({ message: CANARY, stack: CANARY }),
};
