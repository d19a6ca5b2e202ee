import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Arg, Directive, Field, InputType, Query, Resolver } from 'type-graphql';
import { createGatewaySchema } from '../../src/gateway-schema.js';
import { Authorized } from '../../src/graphql/policy/authorized.js';
import { systemClock } from '../../src/platform/clock.js';

@InputType('GuardedInput')
class GuardedInput {
  @Authorized({ roles: ['ADMIN'] })
  @Field(() => String)
  text!: string;
}

@Resolver()
class OfInputs {
  @Query(() => String)
  echo(@Arg('input', () => GuardedInput) input: GuardedInput): string {
    return input.text;
  }
}

@Resolver()
class ByHand {
  @Directive('@authenticated')
  @Query(() => String)
  openLooksGuarded(): string {
    return 'open';
  }
}

const build = (resolver: new () => object) => () =>
  createGatewaySchema({ resolvers: [resolver], clock: systemClock }).schema;

describe('a policy that nothing would enforce', () => {
  it('is refused when the schema is built: on an input, and as a directive written by hand', () => {
    expect(build(OfInputs)).toThrow(/nothing enforces the policy on GuardedInput\.text/);
    expect(build(ByHand)).toThrow(/nothing enforces the policy on Query\.openLooksGuarded/);
  });

  it('is refused where it stands: nothing to meet, a misspelt name, an impossible age, a scope that is two', () => {
    const wrong = [
      { roles: [] },
      { roles: ['admin'] },
      { role: ['ADMIN'] },
      { scopes: [] },
      { scopes: ['a b'] },
      { scopes: [''] },
      { maxAgeSeconds: 0 },
      { maxAgeSeconds: 1.5 },
      { maxAgeSeconds: Number.NaN },
      'ADMIN',
    ];
    for (const policy of wrong) expect(() => Authorized(policy as never)).toThrow(TypeError);
  });
});

describe("a gateway's schema before it is open", () => {
  it('answers nothing', async () => {
    const { schema } = createGatewaySchema({ clock: systemClock });
    const { resolve } = schema.getQueryType()?.getFields()['sessions'] ?? {};
    const context = { auth: { identity: {}, requireAuth: async () => ({}) } };
    expect(() => resolve?.(null, {}, context as never, {} as never)).toThrow('not open');
  });
});
