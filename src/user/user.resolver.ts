import { Ctx, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import { unauthenticated } from '../graphql/errors.js';
import { Public } from '../graphql/public.js';
import { UserType } from './user.type.js';

@Resolver()
export class UserResolver {
  @Public()
  @Query(() => UserType, {
    nullable: true,
    description:
      'The signed-in user. null when the request bears no access token; UNAUTHENTICATED when it bears a bad one, ' +
      'so that a client refreshes.',
  })
  async me(@Ctx() { auth }: GatewayContext): Promise<UserType | null> {
    if (auth.state === 'anonymous') return null;
    const { userId } = await auth.requireAuth();
    const viewer = await auth.loadUser(userId);
    if (viewer === null) throw unauthenticated('SESSION_ENDED');
    return viewer;
  }
}
