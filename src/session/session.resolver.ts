import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../graphql/context.js';
import type { EndAllSessions } from './end-all-sessions.js';
import type { EndSession } from './end-session.js';
import type { ListSessions } from './list-sessions.js';
import { SessionType } from './session.type.js';

@Resolver()
export class SessionResolver {
  constructor(
    private readonly useCases: { listSessions: ListSessions; endSession: EndSession; endAllSessions: EndAllSessions },
  ) {}

  @Query(() => [SessionType], { description: "The viewer's live sessions, the most recently used first." })
  async sessions(@Ctx() context: GatewayContext): Promise<SessionType[]> {
    const identity = await context.auth.requireAuth();
    const listed = await this.useCases.listSessions(identity.userId);
    return listed.map((session) => ({ ...session, current: session.id === identity.sessionId }));
  }

  @Mutation(() => Boolean, {
    description: "Ends one of the viewer's sessions. false: no such live session of the viewer's.",
  })
  async endSession(
    @Arg('id', () => ID, { description: 'Which; as the list of sessions names it.' }) id: string,
    @Ctx() client: GatewayContext,
  ): Promise<boolean> {
    return this.useCases.endSession({ identity: await client.auth.requireAuth(), sessionId: id, client });
  }

  @Mutation(() => Int, { description: "Ends all of the viewer's sessions but this one; answers how many." })
  async endOtherSessions(@Ctx() client: GatewayContext): Promise<number> {
    return this.useCases.endAllSessions({ identity: await client.auth.requireAuth(), keepsCurrent: true, client });
  }

  @Mutation(() => Int, { description: "Ends all of the viewer's sessions, this one too; answers how many." })
  async logoutEverywhere(@Ctx() client: GatewayContext): Promise<number> {
    return this.useCases.endAllSessions({ identity: await client.auth.requireAuth(), keepsCurrent: false, client });
  }
}
