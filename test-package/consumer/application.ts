// What somebody writes who embeds the gateway; compiled as an ES module and as CommonJS, in a folder of its own.
import {
  type AuthContext,
  Authorized,
  ConfigError,
  CurrentUser,
  createGateway,
  gatehouseEntities,
  gatehouseMigrations,
  type Identity,
  Public,
  readConfig,
  UserEntity,
} from 'gatehouse';
import { GraphQLInt, isScalarType } from 'graphql';
import { Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { DataSource } from 'typeorm';

@ObjectType('Greeting')
class Greeting {
  @Field(() => String)
  text!: string;

  @Authorized({ roles: ['ADMIN'] })
  @Field(() => String, { nullable: true })
  secret!: string | null;
}

@Resolver()
class GreetingResolver {
  @Public()
  // A scalar of the application's own copy of graphql: there must be one copy alone.
  @Query(() => GraphQLInt)
  answer(): number {
    return 42;
  }

  @Query(() => Greeting)
  greeting(@CurrentUser() { userId }: Identity, @Ctx() { auth, tenant }: AuthContext<{ tenant: string }>): Greeting {
    return { text: `Hello ${auth.userId === userId ? 'you' : 'stranger'} of ${tenant}`, secret: 'secret' };
  }

  @Query(() => [Int])
  numbers(): number[] {
    return [1, 2, 3];
  }
}

interface Answer {
  data: Record<string, unknown> | null;
  errors?: { extensions: Record<string, unknown> }[];
}

async function main(): Promise<void> {
  const gateway = createGateway<{ tenant: string }>({
    resolvers: [GreetingResolver],
    config: readConfig({ PORT: '0', LOG_LEVEL: 'silent', BCRYPT_COST: '10', GATEHOUSE_DATA_DIR: 'data' }),
    extendContext: () => ({ tenant: 'the north' }),
    dataSource: ({ url }) => new DataSource({ type: 'postgres', url, entities: [...gatehouseEntities] }),
  });
  const { url } = await gateway.start();
  const send = async (query: string, accessToken?: string): Promise<Answer> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as Answer;
  };
  const registered = await send(`mutation {
    register(input: { email: "ada@example.org", password: "a long enough passphrase" }) {
      ... on AuthPayload { accessToken }
    }
  }`);
  const { accessToken } = (registered.data?.['register'] as { accessToken: string } | undefined) ?? { accessToken: '' };
  const result = {
    stranger: await send('{ answer }'),
    refused: (await send('{ numbers }')).errors?.map(({ extensions }) => extensions),
    signedIn: await send('{ me { email } greeting { text } numbers }', accessToken),
    forbidden: (await send('{ greeting { secret } }', accessToken)).errors?.map(({ extensions }) => extensions),
    publicFields: gateway.publicFields.filter((field) => field.startsWith('Query')),
    isOneGraphql: isScalarType(gateway.schema.getType('Int')),
    migrations: gatehouseMigrations.length > 0,
    entity: UserEntity.name,
    isConfigError: isConfigError(() => readConfig({ PORT: 'many' })),
  };
  await gateway.stop();
  process.stdout.write(JSON.stringify(result));
}

function isConfigError(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof ConfigError;
  }
}

void main();
