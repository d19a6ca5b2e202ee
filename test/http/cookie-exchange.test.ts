import 'reflect-metadata';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Ctx, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../src/graphql/context.js';
import { Public } from '../../src/graphql/public.js';
import { createLogger } from '../../src/platform/logger.js';
import { PAGE_ORIGIN } from '../support/page.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let seen: GatewayContext;

/** Careless fields of an embedding application. */
@Resolver()
class CarelessResolver {
  @Public()
  @Query(() => String)
  dump(@Ctx() context: GatewayContext): string {
    seen = context;
    return JSON.stringify([context, { ...context.cookies }, Object.entries(context.cookies)]);
  }

  @Public()
  @Query(() => String)
  setThree(@Ctx() { cookies }: GatewayContext): string {
    for (const value of ['1', '2', '3']) cookies.set(`x=${value}`);
    return 'set';
  }

  @Public()
  @Query(() => String)
  setTwoNames(@Ctx() { cookies }: GatewayContext): string {
    for (const cookie of ['x=1', 'y=1; Path=/', 'x=2=3', 'y=4']) cookies.set(cookie);
    return 'set';
  }

  @Public()
  @Query(() => String)
  setAndFail(@Ctx() { cookies }: GatewayContext): string {
    cookies.set('x=failed');
    throw new Error('afterwards');
  }
}

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({}, { resolvers: [CarelessResolver] });
});
afterAll(() => gate.close());

it('L1: a context that is printed, copied, serialised or logged shows no cookie, and can be used', async () => {
  const headers = { cookie: 'gatehouse-refresh=canary', origin: PAGE_ORIGIN };
  const { data } = await gate.send('{ dump }', {}, { headers });
  const lines: string[] = [];
  createLogger('info', { write: (line: string) => void lines.push(line) }).info({ context: seen, seen }, 'careless');
  const texts = [data.dump, inspect(seen, { depth: 9, showHidden: true }), String(seen.cookies), ...lines];
  expect(lines).toHaveLength(1);
  for (const text of texts) {
    expect(text).not.toBe('');
    expect(text).not.toContain('canary');
  }
  expect(seen.cookies).toMatchObject({ header: headers.cookie, isPageAllowed: true });
});

it('C5: an answer has one Set-Cookie header at most of each name, the last that was set, whatever else fails', async () => {
  const one = await gate.send('{ setThree }');
  expect(one.headers.getSetCookie()).toEqual(['x=3']);
  const two = await gate.send('{ setThree setAndFail }');
  expect([two.errors?.length, two.headers.getSetCookie()]).toEqual([1, ['x=failed']]);
  expect((await gate.send('{ setTwoNames }')).headers.getSetCookie()).toEqual(['x=2=3', 'y=4']);
  expect((await gate.send('{ dump }')).headers.getSetCookie()).toEqual([]);
});
