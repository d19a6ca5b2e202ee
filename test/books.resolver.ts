import { Authorized, Ctx, Query, Resolver } from 'type-graphql';
import { type GatewayContext, Public } from '../src/index.js';

@Resolver()
export class BooksResolver {
  @Public()
  @Query(() => String, { description: 'Anybody may ask.' })
  motto(): string {
    return 'Read.';
  }

  @Query(() => [String], { description: 'Signed-in users may ask.' })
  async myBooks(@Ctx() context: GatewayContext): Promise<string[]> {
    const { userId } = await context.auth.requireAuth();
    return [`The diary of ${userId}`];
  }

  @Authorized('ADMIN')
  @Query(() => Number, { description: 'Administrators may ask.' })
  bookCount(): number {
    return 1;
  }
}
