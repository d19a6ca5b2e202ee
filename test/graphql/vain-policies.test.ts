import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import {
  Arg,
  Args,
  ArgsType,
  Authorized as AuthorizedByTypeGraphql,
  Directive,
  Field,
  InputType,
  Query,
  Resolver,
} from 'type-graphql';
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

@InputType('GuardedInputType')
@Authorized({ roles: ['ADMIN'] })
class GuardedInputType {
  @Field(() => String)
  text!: string;
}

@Resolver()
class OfInputTypes {
  @Query(() => String)
  echo(@Arg('input', () => GuardedInputType) input: GuardedInputType): string {
    return input.text;
  }
}

@Authorized({ roles: ['ADMIN'] })
@ArgsType()
class GuardedArgs {
  @Field(() => String)
  text!: string;
}

@ArgsType()
class HeirArgs extends GuardedArgs {}

@ArgsType()
class ArgsWithGuardedField {
  @Authorized({ roles: ['ADMIN'] })
  @Field(() => String, { name: 'words' })
  text!: string;
}

@Resolver()
class OfArgs {
  @Query(() => String)
  echo(@Args(() => HeirArgs) { text }: HeirArgs): string {
    return text;
  }
}

@Resolver()
class OfArgsField {
  @Query(() => String)
  echo(@Args(() => ArgsWithGuardedField) { text }: ArgsWithGuardedField): string {
    return text;
  }
}

@InputType('OldGuardedInput')
class OldGuardedInput {
  @AuthorizedByTypeGraphql('ADMIN')
  @Field(() => String)
  text!: string;
}

@Resolver()
class OfOldInputs {
  @Query(() => String)
  echo(@Arg('input', () => OldGuardedInput) input: OldGuardedInput): string {
    return input.text;
  }
}

@Resolver()
class OfPlainMethods {
  @Query(() => String)
  echo(): string {
    return this.answer();
  }

  @Authorized({ roles: ['ADMIN'] })
  answer(): string {
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

  it('is refused on a class of inputs or arguments, its heirs and its properties, and on a method that is no field', () => {
    expect(build(OfInputTypes)).toThrow(/nothing enforces the policy on GuardedInputType:/);
    expect(build(OfArgs)).toThrow(/nothing enforces the policy on GuardedArgs:/);
    expect(build(OfArgsField)).toThrow(/nothing enforces the policy on Query\.echo\(words\):/);
    expect(build(OfOldInputs)).toThrow(/nothing enforces the policy on OldGuardedInput:/);
    expect(build(OfPlainMethods)).toThrow(/nothing enforces the policy on OfPlainMethods\.answer:/);
  });

  it('is refused on a parameter', () => {
    const guard = Authorized({ roles: ['ADMIN'] }) as (target: object, name: string | undefined, index: number) => void;
    expect(() => guard(ByHand.prototype, 'openLooksGuarded', 0)).toThrow(/guards no parameter/);
    expect(() => guard(ByHand, undefined, 0)).toThrow(/guards no parameter/);
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
      { roles: undefined },
      { scopes: null },
      { roles: ['ADMIN'], maxAgeSeconds: undefined },
      { roles: 'ADMIN' },
      { scopes: [undefined] },
      null,
      'ADMIN',
    ];
    for (const policy of wrong) expect(() => Authorized(policy as never)).toThrow(/^@Authorized/);
    expect(() => Authorized({ roles: undefined } as never)).toThrow('roles is undefined');
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
