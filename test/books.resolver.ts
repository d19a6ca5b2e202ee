import { Ctx, Query, Resolver } from 'type-graphql';
import { type AuthContext, Authorized, CurrentUser, type Identity, Public } from '../src/index.js';

/** What the application of the tests adds to the context. */
export interface Shop {
  shop: string;
  language: string;
}

@Resolver()
export class BooksResolver {
  @Public()
  @Query(() => String, { description: 'Anybody may ask.' })
  motto(@Ctx() { shop, language }: AuthContext<Shop>): string {
    return `Read ${language} at ${shop}.`;
  }

  @Query(() => [String], { description: 'Signed-in users may ask.' })
  async myBooks(@CurrentUser() { userId }: Identity, @Ctx() { auth }: AuthContext): Promise<string[]> {
    const user = await auth.loadUser();
    return [`The diary of ${userId}`, `A letter to ${user?.email}`];
  }

  @Authorized({ roles: ['ADMIN'] })
  @Query(() => Number, { description: 'Administrators may ask.' })
  bookCount(): number {
    return 1;
  }

  @Query(() => [String], { description: 'The scopes of the token.' })
  scopes(@CurrentUser() { scopes }: Identity): readonly string[] {
    return scopes;
  }
}
