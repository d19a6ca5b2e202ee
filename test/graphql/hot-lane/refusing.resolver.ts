import { GraphQLError } from 'graphql';
import { Arg, Query, Resolver } from 'type-graphql';
import { Public } from '../../../src/graphql/public.js';
import { RateLimited } from '../../../src/platform/rate-limited.js';
import { ServiceUnavailable } from '../../../src/platform/service-unavailable.js';

const coded = (extensions: Record<string, unknown>) => () => new GraphQLError('Refused.', { extensions });

/** What resolvers of an application may throw, with all that Apollo Server reads of it. */
export const refusals: Record<string, () => unknown> = {
  status: coded({ code: 'FORBIDDEN', http: { status: 418 } }),
  'no status': coded({ code: 'FORBIDDEN', http: { status: 0 } }),
  'a status that is none': coded({ code: 'FORBIDDEN', http: { status: '418' }, more: 1 }),
  headers: coded({ code: 'FORBIDDEN', http: { headers: new Map([['X-Lane', 'hot']]) } }),
  'headers that are none': coded({ http: { headers: { 'x-lane': 'hot' } }, code: 'FORBIDDEN', more: 1 }),
  'http between others': coded({ before: 1, http: 'a word', after: 2, code: 'FORBIDDEN' }),
  'http before others': coded({ http: null, before: 1, code: 'FORBIDDEN', after: 2 }),
  'http that is undefined': coded({ http: undefined, code: 'FORBIDDEN', after: 2 }),
  both: coded({ before: 1, http: { status: 409, headers: new Map([['x-lane', 'hot']]) }, code: 'FORBIDDEN', after: 2 }),
  'another wait': coded({ code: 'RATE_LIMITED', retryAfter: 7, http: { headers: new Map([['retry-after', '5']]) } }),
  'type of content': coded({ code: 'FORBIDDEN', http: { headers: new Map([['content-type', 'text/x-lane']]) } }),
  'too many tries': () => new RateLimited(11),
  'not now': () => new ServiceUnavailable('HASH_QUEUE_FULL', 3),
  'not now, after a failure': () => new ServiceUnavailable('DATABASE', 2, new Error('the pool is empty')),
};

/** Refuses in any of these ways. */
@Resolver()
export class RefusingResolver {
  @Public()
  @Query(() => String, { nullable: true })
  refuse(@Arg('how', () => String) how: string): string | null {
    throw refusals[how]?.() ?? new Error('unknown');
  }

  @Public()
  @Query(() => String)
  refuseLoudly(@Arg('how', () => String) how: string): string {
    throw refusals[how]?.() ?? new Error('unknown');
  }

  @Public()
  @Query(() => [String])
  echo(
    @Arg('text', () => String, { defaultValue: 'silence' }) text: string,
    @Arg('many', () => [String], { nullable: true }) many: string[] | null,
  ): string[] {
    return [text, ...(many ?? [])];
  }
}
